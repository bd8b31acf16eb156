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

}  // namespace
}  // namespace sluice::explain
