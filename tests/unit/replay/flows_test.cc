#include "agent/replay/flows.h"

#include <gtest/gtest.h>

namespace sluice::replay {
namespace {

std::string text_of(const Flows& flows) {
  std::string text;
  for (const Flow& flow : flows.all) {
    const auto end = [](const FlowEnd& one) {
      return one.ns + "/" + one.pod + "/" + one.workload + " " + (one.ip ? one.ip->to_text() : "-") + ":" +
             (one.port ? std::to_string(one.port->host()) : "-");
    };
    text += end(flow.source) + " > " + end(flow.destination) + " " + flow.protocol.to_text() + " " +
            flow.verdict + " x" + std::to_string(flow.count) + "\n";
  }
  for (const std::string& problem : flows.problems) text += problem + "\n";
  return text;
}

TEST(Flows, RecordsOfObserve) {
  EXPECT_EQ(text_of(read_flows("{\"a\":", "f")), "f: line 1: not JSON: incomplete JSON\n");
  EXPECT_EQ(
      text_of(read_flows(
          R"({"verdict": "allowed", "protocol": "TCP", "source": {"ip": "10.0.0.1", "port": 40122, "namespace": "shop", "pod": "web-1", "workload": "deployment/web"}, "destination": {"ip": "10.0.0.2", "port": 80}, "count": 3, "lost": 0})"
          "\n\n"
          R"({"protocol": "ICMPv6", "source": {"ip": "fd00::1"}, "destination": {"namespace": "shop", "pod": "x"}})"
          "\n",
          "f")),
      "shop/web-1/deployment/web 10.0.0.1:40122 > // 10.0.0.2:80 TCP allowed x3\n// fd00::1:- > shop/x/ -:- "
      "ICMP  x1\n");
}

TEST(Flows, WhatIsWrongIsNamedAndLeftOut) {
  const std::pair<const char*, const char*> rows[] = {
      {"[]", "f: line 1: is no JSON object"},
      {R"({"source": {}, "protocol": "TCP"})", "f: line 1: destination: is missing"},
      {R"({"source": {"ip": "x"}, "destination": {}})", "f: line 1: source.ip: "},
      {R"({"source": {"port": 70000}, "destination": {}})", "f: line 1: source.port: is no port"},
      {R"({"source": {}, "destination": {}, "protocol": "TCP"})",
       "f: line 1: destination.port: is missing: TCP has ports"},
      {R"({"source": 5, "destination": {}})", "f: line 1: source: is no object"},
      {R"({"source": {"pod": 5}, "destination": {}})", "f: line 1: source: pod: is no text"},
      {R"({"source": {}, "destination": {}, "protocol": "XYZ"})", "f: line 1: protocol: "}};
  for (const auto& [line, problem] : rows) {
    const Flows flows = read_flows(line, "f");
    ASSERT_EQ(flows.problems.size(), 1u) << line;
    EXPECT_TRUE(flows.all.empty());
    EXPECT_TRUE(flows.problems[0].starts_with(problem)) << flows.problems[0];
  }
  std::string many;
  for (int i = 0; i < 50; ++i) many += "x\n";
  EXPECT_EQ(read_flows(many, "f").problems.size(), kMostProblems);
  EXPECT_EQ(read_flows(many, "f").wrong, 50u);
}

}  // namespace
}  // namespace sluice::replay
