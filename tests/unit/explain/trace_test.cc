#include "agent/explain/trace.h"

#include <gtest/gtest.h>

#include "agent/explain/answer.h"
#include "tests/oracle/build.h"
#include "tests/oracle/names.h"
#include "tests/oracle/random_cluster.h"

namespace sluice::explain {
namespace {

using namespace oracle::build;

std::string steps(const SideAnswer& side) {
  std::string text;
  for (const TraceStep& step : side.trace) text += (text.empty() ? "" : " > ") + step.what;
  return text;
}

// Of the first such step.
std::string found(const SideAnswer& side, const std::string& what) {
  for (const TraceStep& step : side.trace)
    if (step.what == what) return step.found;
  return "no such step";
}

TEST(Trace, TheWayThroughTheTables) {
  const model::Cluster world =
      cluster(pod("shop/web", "10.0.0.1").label("app", "web"), pod("shop/api", "10.0.0.2"),
              policy("shop/p").ingress(rule().from(pods({{"app", "web"}})).tcp(80, 90)));
  const auto answer = check(world, tcp("shop/web", "shop/api", 80), true);
  EXPECT_EQ(steps(answer->ingress), "endpoint > rule set > address > identity > rule > port set > verdict");
  EXPECT_EQ(found(answer->ingress, "port set"), "TCP 80-90");
  EXPECT_EQ(found(answer->ingress, "verdict"), "allow");
  const auto other = check(world, tcp("192.0.2.1", "shop/api", 80), true);
  EXPECT_EQ(steps(other->ingress), "endpoint > rule set > address > identity > rule > verdict");
  EXPECT_EQ(found(other->ingress, "verdict"), "deny");
  EXPECT_EQ(steps(other->egress), "");
  const auto open = check(world, tcp("shop/web", "192.0.2.1", 80), true);
  EXPECT_EQ(steps(open->egress), "endpoint > rule set");
}

// Its own address is asked about first, then those behind it: that is enough without tiers, not with them.
TEST(Trace, ToAServiceWithTiers) {
  const auto world = [](bool tiers) {
    model::Cluster made =
        cluster(pod("shop/web", "10.0.0.1"), pod("shop/api", "10.0.0.2").label("app", "api"),
                service("shop/api", "10.96.0.1").selects({{"app", "api"}}).port(80, 8080),
                policy("shop/p").selects({}).egress(rule().to(block("10.96.0.0/16"))));
    if (tiers)
      made.apply(
          model::Change::upsert(admin("closed", 1).egress(deny().to(pods_anywhere({{"app", "api"}})))));
    return made;
  };
  const auto without = check(world(false), tcp("shop/web", "10.96.0.1", 80), true);
  EXPECT_EQ(steps(without->egress), "endpoint > rule set > address > identity > rule > verdict");
  EXPECT_EQ(found(without->egress, "address"), "10.96.0.1, by its prefix");
  EXPECT_EQ(found(without->egress, "verdict"), "allow");
  const auto with = check(world(true), tcp("shop/web", "10.96.0.1", 80), true);
  EXPECT_EQ(steps(with->egress),
            "endpoint > rule set > address > identity > rule > service > rule > verdict");
  EXPECT_EQ(found(with->egress, "address"), "10.96.0.1, a Service's, by its prefix");
  EXPECT_EQ(found(with->egress, "verdict"), "deny");
}

// Law: the verdict is the answer's.
TEST(Trace, EndsAsTheAnswerDoes) {
  size_t denied = 0, services = 0, own = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    model::Cluster world = oracle::random_cluster(seed, 12);
    const auto probes = oracle::random_probes(world, seed, 60);
    if (seed % 2 == 0) world = oracle::with_tiers(std::move(world), seed);
    if (seed % 4 == 0) {
      world = oracle::with_names(std::move(world), seed);
      world.resolved = oracle::random_resolved(world, seed);
    }
    Checker checker(world, true, false);
    for (const model::Probe& probe : probes) {
      const auto answer = checker.check(probe);
      if (!answer) continue;
      for (const SideAnswer* side : {&answer->egress, &answer->ingress}) {
        if (side->trace.empty() || side->trace.back().what != "verdict") continue;
        const bool denies = side->opinion == model::Side::kDeny;
        EXPECT_EQ(side->trace.back().found.starts_with("deny"), denies)
            << "seed " << seed << ": " << model::to_text(probe) << ": " << steps(*side);
        denied += denies;
        services += found(*side, "service") != "no such step";
        own += side->trace.back().found == "allow: its own node";
      }
    }
  }
  EXPECT_GT(denied, 100u);
  EXPECT_GT(services, 20u);
  EXPECT_GT(own, 0u);
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
            "endpoint > rule set > address > identity > rule > name > identity > rule > port set > verdict");
  EXPECT_TRUE(answer->egress.trace[5].found.starts_with("www.example.com, of class "));
  EXPECT_EQ(found(answer->egress, "port set"), "TCP 443");
  EXPECT_EQ(found(answer->egress, "verdict"), "allow: by its name");
  const auto none = check(world, tcp("shop/web", "203.0.113.8", 443), true);
  EXPECT_EQ(steps(none->egress), "endpoint > rule set > address > identity > rule > verdict");
}

}  // namespace
}  // namespace sluice::explain
