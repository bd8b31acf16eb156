// ClusterNetworkPolicies (semantics 41, 70), which an API server may serve, not serve, cease to serve, or keep from the
// watcher.
#include <gtest/gtest.h>

#include "tests/kubeapi/invented.h"
#include "tests/kubeapi/stack.h"

namespace sluice::kubeapi {
namespace {

using model::Kind;

// What denies stays while a server says, with objects there, that it does not serve them.
TEST(ClusterNetworkPolicies, AServerThatForgetsThemIsNotBelievedAtOnce) {
  for (const bool for_good : {false, true}) {
    std::atomic<bool> served = true;
    std::atomic<uint64_t> missed = 0;
    Stack::Options options;
    options.script = [&](const Asked& asked) {
      if (served || asked.kind != Kind::kClusterNetworkPolicy) return Fault::kNone;
      ++missed;
      return Fault::kNotFound;
    };
    Stack stack(std::move(options));
    fill(stack.world, 1);
    const auto names = stack.world.names(Kind::kClusterNetworkPolicy);
    ASSERT_FALSE(names.empty());
    if (for_good) stack.following.missing_hold = std::chrono::milliseconds(20);
    stack.agent.start();
    stack.start();
    ASSERT_TRUE(stack.run_until_equal());
    served = false;
    ASSERT_TRUE(stack.run_until([&] { return missed >= 4; }));
    if (for_good) {
      for (const auto& name : names) stack.world.remove(Kind::kClusterNetworkPolicy, name);
      EXPECT_TRUE(stack.run_until_equal()) << "it keeps to it";
      EXPECT_TRUE(stack.run_until([&] { return stack.told("no longer in force"); }));
    } else {
      EXPECT_TRUE(stack.run_until_equal()) << "they stay in force";
      EXPECT_TRUE(stack.run_until([&] { return stack.told("clusternetworkpolicies"); }));
      served = true;
      EXPECT_TRUE(stack.run_until([&] { return !stack.told("clusternetworkpolicies"); }));
      EXPECT_TRUE(stack.run_until_equal());
    }
  }
}

// The definition of the resource is installed and removed, twice, while everything else goes on: its objects go before it.
TEST(ClusterNetworkPolicies, ComeAndGoWithTheirDefinition) {
  std::atomic<bool> served = false;
  Stack::Options options;
  options.script = [&](const Asked& asked) {
    return !served && asked.kind == Kind::kClusterNetworkPolicy ? Fault::kNotFound : Fault::kNone;
  };
  Stack stack(std::move(options));
  for (const Kind kind : model::kKinds) {
    std::mt19937 random(1);
    if (kind != Kind::kClusterNetworkPolicy) stack.world.put(kind, invent(kind, 1, random));
  }
  stack.agent.start();
  stack.start();
  ASSERT_TRUE(stack.run_until_equal()) << "without them everything else is fed";
  EXPECT_EQ(stack.watcher().not_ready(), "");
  const double others = stack.metric("sluice_watcher_sent_events_total");
  for (int round = 1; round <= 2; ++round) {
    std::mt19937 random(7);
    stack.world.put(Kind::kClusterNetworkPolicy, invent(Kind::kClusterNetworkPolicy, 1, random));
    served = true;
    ASSERT_TRUE(stack.run_until_equal()) << "installed";
    for (const model::ObjectName& name : stack.world.names(Kind::kClusterNetworkPolicy))
      stack.world.remove(Kind::kClusterNetworkPolicy, name);
    ASSERT_TRUE(stack.run_until_equal()) << "its objects are gone";
    served = false;
    stack.api.drop_connections();
    ASSERT_TRUE(stack.run_until([&] {
      return stack.metric("sluice_watcher_watching") == std::size(model::kKinds) - 1;
    })) << "removed";
    ASSERT_TRUE(stack.run_until_equal());
    EXPECT_TRUE(stack.run_until([&] { return !stack.told("clusternetworkpolicies"); }))
        << "but for the connection that broke";
    EXPECT_EQ(stack.metric("sluice_watcher_sent_events_total"), others + 2 * round)
        << "nothing of other kinds";
  }
  EXPECT_EQ(stack.agent.snapshots(), 1u) << "nothing is told anew";
  EXPECT_EQ(stack.agent.broken(), "");
}

// A server that has not read its definitions yet says 503, and no 404: nothing is known then, least of all that there are none.
TEST(ClusterNetworkPolicies, OfAServerThatIsStartingAreWaitedFor) {
  std::atomic<bool> starting = true;
  std::atomic<uint64_t> asked_for = 0;
  Stack::Options options;
  options.script = [&](const Asked& asked) {
    if (asked.kind != Kind::kClusterNetworkPolicy || !starting) return Fault::kNone;
    ++asked_for;
    return Fault::kBusy;
  };
  Stack stack(std::move(options));
  fill(stack.world, 1);
  ASSERT_FALSE(stack.world.names(Kind::kClusterNetworkPolicy).empty());
  stack.agent.start();
  stack.start();
  ASSERT_TRUE(stack.run_until([&] { return asked_for >= 3; }));
  EXPECT_NE(stack.watcher().not_ready(), "");
  EXPECT_EQ(stack.agent.snapshots(), 0u);
  starting = false;
  EXPECT_TRUE(stack.run_until_equal());
  EXPECT_EQ(stack.agent.snapshots(), 1u);
}

// To be kept from them is not to have none.
TEST(ClusterNetworkPolicies, AreKeptByWhoMayNoLongerListThem) {
  std::atomic<bool> forbidden = false;
  Stack::Options options;
  options.script = [&](const Asked& asked) {
    return forbidden && asked.kind == Kind::kClusterNetworkPolicy ? Fault::kForbidden : Fault::kNone;
  };
  Stack stack(std::move(options));
  fill(stack.world, 1);
  stack.agent.start();
  stack.start();
  ASSERT_TRUE(stack.run_until_equal());
  const model::Cluster known = stack.agent.cluster();
  forbidden = true;
  stack.api.drop_connections();
  ASSERT_TRUE(stack.run_until([&] { return stack.told("clusternetworkpolicies: https://"); }));
  EXPECT_EQ(stack.agent.cluster(), known);
  forbidden = false;
  EXPECT_TRUE(stack.run_until([&] { return stack.agent.problems().empty(); }));
  EXPECT_TRUE(stack.run_until_equal());
}

}  // namespace
}  // namespace sluice::kubeapi
