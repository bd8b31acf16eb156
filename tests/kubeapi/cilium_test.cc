// Policies of Cilium at an API server (--accept-cilium): what is made of them is in force as they come, change and go, with
// everything that it depends on; and their definitions, which a server may have, not have, or lose.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "tests/kubeapi/invented.h"
#include "tests/kubeapi/stack.h"

namespace sluice::kubeapi {
namespace {

using model::Kind;

constexpr const char* kFromEverywhere = R"({"endpointSelector": {}, "ingress": [{"fromEndpoints": [{}]}]})";
constexpr const char* kToPrefix = R"({"endpointSelector": {}, "egress": [{"toCIDR": ["192.0.2.0/24"]}]})";
// What would open, were it left out.
constexpr const char* kUnsayable =
    R"({"endpointSelector": {"matchLabels": {"app": "web"}}, "ingressDeny": [{"fromEntities": ["world"]}]})";

// With a status, as Cilium writes it, which means nothing.
Json cilium(const model::ObjectName& name, const std::string& spec) {
  Json metadata{{"name", name.name}};
  if (!name.ns.empty()) metadata["namespace"] = name.ns;
  return {{"metadata", std::move(metadata)},
          {"spec", boost::json::parse(spec)},
          {"status", Json{{"conditions", boost::json::array{Json{{"type", "Valid"}}}}}}};
}

Json ns(const std::string& name) {
  return {{"metadata", Json{{"name", name}}}};
}

struct CiliumStack : Stack {
  explicit CiliumStack(Options options = {}) : Stack(accepting(std::move(options))) {
    world.put(Kind::kNamespace, ns("shop"));
    agent.start();
  }
  static Options accepting(Options options) {
    options.accepts_cilium = true;
    return options;
  }
  void put(const model::ObjectName& name, const std::string& spec) {
    world.put(name.ns.empty() ? kCiliumClusterwidePolicy : kCiliumPolicy, cilium(name, spec));
  }
  const model::NetworkPolicy* policy(const model::ObjectName& name) {
    held_ = agent.cluster();
    const auto found = held_.policies.find(name);
    return found == held_.policies.end() ? nullptr : &found->second;
  }
  double sent() { return metric("sluice_watcher_sent_events_total"); }

 private:
  model::Cluster held_;
};

TEST(Cilium, TheirPoliciesAreInForceAsTheyCome) {
  CiliumStack stack;
  fill(stack.world, 1);
  for (int i = 0; i < 12; ++i) stack.put({"shop", "web-" + std::to_string(i)}, kFromEverywhere);
  stack.start();
  ASSERT_TRUE(stack.run_until_equal());
  EXPECT_EQ(stack.agent.snapshots(), 1u) << "what is made is in the first snapshot";
  EXPECT_NE(stack.policy({"shop", "cnp.cilium.io.web-11"}), nullptr);
  stack.put({"", "all"}, kFromEverywhere);
  ASSERT_TRUE(stack.run_until_equal());
  EXPECT_NE(stack.policy({"shop", "ccnp.cilium.io.all"}), nullptr);
  EXPECT_EQ(stack.metric("sluice_watcher_objects", "\"CiliumNetworkPolicy\""), 12);
  stack.world.remove(kCiliumPolicy, {"shop", "web-3"});
  ASSERT_TRUE(stack.run_until_equal());
  EXPECT_EQ(stack.policy({"shop", "cnp.cilium.io.web-3"}), nullptr);
  EXPECT_EQ(stack.agent.snapshots(), 1u);
  EXPECT_EQ(stack.agent.broken(), "");
}

TEST(Cilium, AChangeSendsWhatIsMadeOfThatObjectAlone) {
  CiliumStack stack;
  for (const char* name : {"a", "b", "c"}) stack.put({"shop", name}, kToPrefix);
  stack.start();
  ASSERT_TRUE(stack.run_until_equal());
  double before = stack.sent();
  stack.put({"shop", "b"}, kFromEverywhere);
  ASSERT_TRUE(stack.run_until_equal());
  EXPECT_EQ(stack.sent(), before + 2) << "the policy, and what it said of outside";
  before = stack.sent();
  Json same = cilium({"shop", "a"}, kToPrefix);
  same["status"] = Json{{"conditions", "of another time"}};
  stack.world.put(kCiliumPolicy, std::move(same));
  // Everything is listed anew, and nothing of it is news.
  stack.world.compact();
  stack.api.drop_connections();
  stack.world.put(Kind::kNamespace, ns("other"));
  ASSERT_TRUE(stack.run_until_equal());
  EXPECT_EQ(stack.sent(), before + 1) << "the namespace";
}

TEST(Cilium, WhatTheyDependOnIsFollowed) {
  CiliumStack stack;
  stack.put({"", "all"}, kFromEverywhere);
  stack.put({"shop", "nodes"}, R"({"endpointSelector": {}, "ingress": [{"fromEntities": ["remote-node"]}]})");
  stack.start();
  ASSERT_TRUE(stack.run_until_equal());
  stack.world.put(Kind::kNamespace, ns("late"));
  ASSERT_TRUE(stack.run_until_equal());
  EXPECT_NE(stack.policy({"late", "ccnp.cilium.io.all"}), nullptr);
  ASSERT_NE(stack.policy({"shop", "cnp.cilium.io.nodes"}), nullptr);
  EXPECT_TRUE(stack.policy({"shop", "cnp.cilium.io.nodes"})->ingress.empty());
  stack.world.put(Kind::kNode, boost::json::parse(R"({"metadata": {"name": "node-1"}, "status": {"addresses":
      [{"type": "InternalIP", "address": "192.0.2.1"}]}})")
                                   .as_object());
  ASSERT_TRUE(stack.run_until_equal());
  EXPECT_FALSE(stack.policy({"shop", "cnp.cilium.io.nodes"})->ingress.empty());
  stack.world.remove(Kind::kNamespace, {"", "late"});
  ASSERT_TRUE(stack.run_until_equal());
  EXPECT_EQ(stack.policy({"late", "ccnp.cilium.io.all"}), nullptr);
}

TEST(Cilium, WhatCannotBeSaidIsClosedAndSaidUntilItIsMended) {
  CiliumStack stack;
  stack.put({"shop", "web"}, kUnsayable);
  stack.start();
  ASSERT_TRUE(stack.run_until_equal());
  const auto* closed = stack.policy({"shop", "cnp.cilium.io.web"});
  ASSERT_NE(closed, nullptr);
  EXPECT_TRUE(closed->isolates_ingress && closed->ingress.empty());
  EXPECT_TRUE(stack.agent.cluster().cluster_policies.contains({"", "cnp.cilium.io.closed.shop.web"}));
  ASSERT_TRUE(
      stack.run_until([&] { return stack.told("CiliumNetworkPolicy shop/web: spec.ingressDeny[0]"); }));
  EXPECT_TRUE(stack.told("meanwhile what it selects is closed"));
  EXPECT_EQ(stack.metric("sluice_watcher_policies_closed"), 1);
  stack.put({"shop", "web"}, kFromEverywhere);
  ASSERT_TRUE(stack.run_until_equal());
  EXPECT_TRUE(stack.run_until([&] { return stack.agent.problems().empty(); }));
  EXPECT_EQ(stack.metric("sluice_watcher_policies_closed"), 0);
  // A field that this version does not know may mean anything.
  Json odd = cilium({"shop", "web"}, kFromEverywhere);
  odd["spec"].as_object()["ingress"].as_array()[0].as_object()["fromMars"] = boost::json::array{};
  stack.world.put(kCiliumPolicy, std::move(odd));
  ASSERT_TRUE(stack.run_until_equal());
  EXPECT_TRUE(stack.run_until([&] { return stack.told("unknown field \"fromMars\""); }));
  EXPECT_TRUE(stack.policy({"shop", "cnp.cilium.io.web"})->ingress.empty());
}

TEST(Cilium, WhatIsMadeCountsBeforeAPolicyThatHasItsName) {
  CiliumStack stack;
  stack.put({"shop", "web"}, kFromEverywhere);
  stack.world.put(Kind::kNetworkPolicy,
                  Json{{"metadata", Json{{"name", "cnp.cilium.io.web"}, {"namespace", "shop"}}},
                       {"spec", Json{{"podSelector", Json{}}}}});
  stack.start();
  ASSERT_TRUE(stack.run_until_equal());
  EXPECT_FALSE(stack.policy({"shop", "cnp.cilium.io.web"})->ingress.empty());
  EXPECT_TRUE(stack.run_until([&] { return stack.told("is kept for what --accept-cilium makes"); }));
  stack.world.remove(kCiliumPolicy, {"shop", "web"});
  ASSERT_TRUE(stack.run_until_equal());
  ASSERT_NE(stack.policy({"shop", "cnp.cilium.io.web"}), nullptr) << "their own holds now";
  EXPECT_TRUE(stack.policy({"shop", "cnp.cilium.io.web"})->ingress.empty());
  stack.world.remove(Kind::kNetworkPolicy, {"shop", "cnp.cilium.io.web"});
  ASSERT_TRUE(stack.run_until_equal());
  EXPECT_EQ(stack.policy({"shop", "cnp.cilium.io.web"}), nullptr);
}

// The definitions are installed and removed, twice, while everything else goes on: their objects go before them.
TEST(Cilium, ComeAndGoWithTheirDefinitions) {
  std::atomic<bool> served = false;
  Stack::Options options;
  options.script = [&](const Asked& asked) {
    return !served && !asked.kind.of_model() ? Fault::kNotFound : Fault::kNone;
  };
  CiliumStack stack(std::move(options));
  stack.start();
  ASSERT_TRUE(stack.run_until_equal()) << "without them everything else is fed";
  EXPECT_EQ(stack.watcher().not_ready(), "");
  for (int round = 1; round <= 2; ++round) {
    stack.put({"shop", "web"}, kToPrefix);
    stack.put({"", "all"}, kFromEverywhere);
    served = true;
    ASSERT_TRUE(stack.run_until_equal()) << "installed";
    ASSERT_NE(stack.policy({"shop", "cnp.cilium.io.web"}), nullptr);
    stack.world.remove(kCiliumPolicy, {"shop", "web"});
    stack.world.remove(kCiliumClusterwidePolicy, {"", "all"});
    ASSERT_TRUE(stack.run_until_equal()) << "their objects are gone";
    served = false;
    stack.api.drop_connections();
    ASSERT_TRUE(stack.run_until([&] {
      return stack.metric("sluice_watcher_watching") == std::size(model::kKinds);
    })) << "removed";
    ASSERT_TRUE(stack.run_until_equal());
    EXPECT_TRUE(stack.run_until([&] { return !stack.told("cilium"); }))
        << "but for the connection that broke";
  }
  EXPECT_EQ(stack.agent.snapshots(), 1u) << "nothing is told anew";
  EXPECT_EQ(stack.agent.broken(), "");
}

// What isolates stays while a server says, with objects there, that it does not serve them.
TEST(Cilium, AServerThatForgetsThemIsNotBelievedAtOnce) {
  for (const bool for_good : {false, true}) {
    std::atomic<bool> served = true;
    std::atomic<uint64_t> missed = 0;
    Stack::Options options;
    options.script = [&](const Asked& asked) {
      if (served || asked.kind != kCiliumPolicy) return Fault::kNone;
      ++missed;
      return Fault::kNotFound;
    };
    CiliumStack stack(std::move(options));
    stack.put({"shop", "web"}, kFromEverywhere);
    if (for_good) stack.following.missing_hold = std::chrono::milliseconds(20);
    stack.start();
    ASSERT_TRUE(stack.run_until_equal());
    served = false;
    stack.api.drop_connections();
    ASSERT_TRUE(stack.run_until([&] { return missed >= 4; }));
    if (for_good) stack.world.remove(kCiliumPolicy, {"shop", "web"});
    EXPECT_TRUE(stack.run_until_equal());
    EXPECT_TRUE(stack.run_until(
        [&] { return stack.told(for_good ? "no longer in force" : "ciliumnetworkpolicies"); }));
    served = true;
    EXPECT_TRUE(stack.run_until([&] { return !stack.told("ciliumnetworkpolicies"); }));
    EXPECT_TRUE(stack.run_until_equal());
  }
}

// To be kept from them is not to have none.
TEST(Cilium, NothingIsFedToWhoMayNotListThem) {
  std::atomic<bool> forbidden = true;
  Stack::Options options;
  options.script = [&](const Asked& asked) {
    return forbidden && asked.kind == kCiliumClusterwidePolicy ? Fault::kForbidden : Fault::kNone;
  };
  CiliumStack stack(std::move(options));
  stack.start();
  ASSERT_TRUE(stack.run_until([&] {
    return stack.watcher().not_ready().starts_with(
        "CiliumClusterwideNetworkPolicy objects are not listed yet: "
        "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies: https://");
  })) << stack.watcher().not_ready();
  EXPECT_EQ(stack.agent.snapshots(), 0u);
  forbidden = false;
  EXPECT_TRUE(stack.run_until_equal());
}

TEST(Cilium, NobodyAsksForThemWhereTheyAreNotAccepted) {
  Stack stack;
  stack.world.put(Kind::kNamespace, ns("shop"));
  stack.world.put(kCiliumPolicy, cilium({"shop", "web"}, kFromEverywhere));
  stack.agent.start();
  stack.start();
  ASSERT_TRUE(stack.run_until_equal());
  for (const Asked& asked : stack.api.asked()) EXPECT_TRUE(asked.kind.of_model()) << asked.path;
  EXPECT_TRUE(stack.agent.cluster().policies.empty());
}

}  // namespace
}  // namespace sluice::kubeapi
