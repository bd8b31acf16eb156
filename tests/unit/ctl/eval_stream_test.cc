#include "agent/apps/ctl/eval_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "agent/model/probe.h"

namespace sluice::apps::ctl {
namespace {

// Answers what makes sense, but fails at this port.
class FailsAt final : public engine::Engine {
 public:
  FailsAt(const model::Cluster& cluster, uint16_t port)
      : cluster_(cluster), addresses_(cluster), port_(net::Port::from_host(port)) {}
  base::Result<model::Answer> evaluate(const model::Probe& probe) override {
    if (auto resolved = model::resolve(cluster_, addresses_, probe); !resolved) return resolved.error();
    if (probe.port == port_) return base::Error("out of maps");
    return model::Answer{};
  }

 private:
  const model::Cluster& cluster_;
  const model::PodAddresses addresses_;
  const net::Port port_;
};

constexpr char kAnswer[] =
    R"("verdict":"allow","egress":"none","ingress":"none","egress_rules":[],"ingress_rules":[])";

struct Outcome {
  EvalCounts counts;
  std::string out;
};

Outcome run(const std::string& lines) {
  const model::Cluster cluster;
  FailsAt engine(cluster, 99);
  std::istringstream in(lines);
  std::ostringstream out;
  const EvalCounts counts = answer_lines(engine, cluster, in, out);
  return {counts, out.str()};
}

std::string probe(int id, int port) {
  return "{\"id\":" + std::to_string(id) +
         ",\"from\":\"10.0.0.1\",\"to\":\"10.0.0.2\",\"port\":" + std::to_string(port) + "}";
}

TEST(EvalStream, OneAnswerALineInTheOrderOfTheProbes) {
  const Outcome got = run(probe(2, 80) + "\n\n  \t\n" + probe(1, 81) + "\r\n" + probe(3, 82));
  EXPECT_EQ(got.out, std::string("{\"id\":2,") + kAnswer + "}\n{\"id\":1," + kAnswer + "}\n{\"id\":3," +
                         kAnswer + "}\n");
  EXPECT_EQ(got.counts.senseless + got.counts.unanswered, 0u);
}

TEST(EvalStream, NothingInNothingOut) {
  EXPECT_EQ(run("").out, "");
  EXPECT_EQ(run("\n\n").out, "");
}

TEST(EvalStream, WhatMakesNoSenseIsCountedAndTheOthersRun) {
  const Outcome got =
      run("{\n" + probe(1, 80) + "\n" + R"({"id":2,"from":"10.0.0.1","to":"a/b","port":80})" + "\n");
  EXPECT_EQ(got.counts.senseless, 2u);
  EXPECT_EQ(got.counts.unanswered, 0u);
  EXPECT_NE(got.out.find(std::string("{\"id\":1,") + kAnswer), std::string::npos) << got.out;
}

TEST(EvalStream, AnEngineThatFailsIsNotTheProbesFault) {
  const Outcome got = run(probe(1, 99) + "\n" + probe(2, 99) + "\n" + probe(3, 80) + "\n");
  EXPECT_EQ(got.counts.senseless, 0u);
  EXPECT_EQ(got.counts.unanswered, 2u);
  EXPECT_EQ(got.counts.failure, "out of maps");
  EXPECT_EQ(got.out,
            std::string("{\"id\":1,\"error\":\"out of maps\"}\n{\"id\":2,\"error\":\"out of maps\"}\n") +
                "{\"id\":3," + kAnswer + "}\n");
}

TEST(EvalStream, ALineTooLongIsOneError) {
  const Outcome got = run(std::string(100'000, 'x') + "\n" + probe(1, 80) + "\n");
  EXPECT_EQ(got.counts.senseless, 1u);
  EXPECT_EQ(std::count(got.out.begin(), got.out.end(), '\n'), 2);
}

}  // namespace
}  // namespace sluice::apps::ctl
