#include "agent/explain/trace.h"

#include <gtest/gtest.h>

#include "agent/explain/answer.h"
#include "tests/oracle/build.h"

namespace sluice::explain {
namespace {

using namespace oracle::build;

std::string steps(const SideAnswer& side) {
  std::string text;
  for (const TraceStep& step : side.trace) text += (text.empty() ? "" : " > ") + step.what;
  return text;
}

TEST(Trace, TheWayThroughTheTables) {
  const model::Cluster world =
      cluster(pod("shop/web", "10.0.0.1").label("app", "web"), pod("shop/api", "10.0.0.2"),
              policy("shop/p").ingress(rule().from(pods({{"app", "web"}})).tcp(80, 90)));
  const auto answer = check(world, tcp("shop/web", "shop/api", 80), true);
  EXPECT_EQ(steps(answer->ingress), "endpoint > rule set > address > identity > rule > port set");
  EXPECT_EQ(answer->ingress.trace.back().found, "TCP 80-90");
  const auto other = check(world, tcp("192.0.2.1", "shop/api", 80), true);
  EXPECT_EQ(steps(other->ingress), "endpoint > rule set > address > identity > rule");
  EXPECT_EQ(steps(other->egress), "");
  const auto open = check(world, tcp("shop/web", "192.0.2.1", 80), true);
  EXPECT_EQ(steps(open->egress), "endpoint > rule set");
}

TEST(Trace, ByAName) {
  model::Cluster world = cluster(pod("shop/web", "10.0.0.1"));
  world.cluster_policies[{"", "only"}] = admin("only")
                                             .egress(accept().to(domains({"*.example.com"})).tcp(443))
                                             .egress(deny().to(networks({"0.0.0.0/0"})));
  world.resolved["www.example.com"] = {ip("203.0.113.9")};
  const auto answer = check(world, tcp("shop/web", "203.0.113.9", 443), true);
  EXPECT_EQ(answer->egress.opinion, model::Side::kAllow);
  EXPECT_EQ(steps(answer->egress),
            "endpoint > rule set > address > identity > rule > name > identity > rule > port set");
  EXPECT_TRUE(answer->egress.trace[5].found.starts_with("www.example.com, of class "));
  EXPECT_EQ(answer->egress.trace.back().found, "TCP 443");
  const auto none = check(world, tcp("shop/web", "203.0.113.8", 443), true);
  EXPECT_EQ(steps(none->egress), "endpoint > rule set > address > identity > rule");
}

}  // namespace
}  // namespace sluice::explain
