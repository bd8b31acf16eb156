#include "agent/model/budget.h"

#include <gmock/gmock.h>

namespace sluice::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// As many rules, each of one peer of `cidrs` addresses, or of every pod.
NetworkPolicy policy(const std::string& ns, const std::string& name, size_t rules, size_t cidrs = 0) {
  NetworkPolicy made;
  made.name = {ns, name};
  made.pod_selector = {{{"app", Operator::kIn, {"web"}}}};
  for (size_t rule = 0; rule < rules; ++rule) {
    Rule& added = made.ingress.emplace_back();
    for (size_t i = 0; i < cidrs; ++i)
      added.peers.emplace_back(
          IpBlock{net::Cidr::parse("10." + std::to_string(rule) + "." + std::to_string(i / 256) + "." +
                                   std::to_string(i % 256) + "/32")
                      .value(),
                  {}});
  }
  return made;
}
// One rule of one block, with exceptions.
NetworkPolicy around(const std::string& name, const std::string& block, size_t excepts) {
  NetworkPolicy made = policy("shop", name, 1);
  IpBlock wide{net::Cidr::parse(block).value(), {}};
  for (size_t i = 0; i < excepts; ++i)
    wide.except.push_back(net::Cidr::parse("10.0." + std::to_string(i) + ".0/24").value());
  made.ingress[0].peers.emplace_back(wide);
  return made;
}

Change removal(const std::string& ns, const std::string& name) {
  return Change::remove({Kind::kNetworkPolicy, {ns, name}});
}

// What is in force behind the budget.
struct World {
  PolicyBudgets budgets;
  Cluster cluster;

  void put(std::vector<Change> changes) {
    for (const Change& change : budgets.admit(std::move(changes))) cluster.apply(change);
  }
  template <typename... Policies>
  void put(Policies... policies) {
    put(std::vector<Change>{Change::upsert(std::move(policies))...});
  }
  std::vector<std::string> lines() const { return budgets.problems(); }
  // Rules of each policy of the namespace, by name; "gone" is not among them.
  std::vector<size_t> rules(const std::string& ns = "shop") const {
    std::vector<size_t> counts;
    for (const auto& [name, one] : cluster.policies)
      if (name.ns == ns) counts.push_back(one.ingress.size());
    return counts;
  }
};

TEST(Budget, WhatIsWithinItPassesAsItIs) {
  World world{PolicyBudgets({10, 100, 100}), {}};
  const NetworkPolicy a = policy("shop", "a", 10, 5);
  world.put(a, policy("shop", "b", 10));
  EXPECT_EQ(world.cluster.policies.at({"shop", "a"}), a);
  EXPECT_EQ(world.budgets.beyond(), 0U);
  EXPECT_THAT(world.lines(), IsEmpty());
}

TEST(Budget, APolicyThatTakesMoreThanHalfIsClosedAlone) {
  World world{PolicyBudgets({10, 100, 100}), {}};
  world.put(policy("shop", "a", 60), policy("shop", "b", 1, 51), policy("shop", "c", 3));
  EXPECT_THAT(world.rules(), ElementsAre(0U, 0U, 3U));
  const NetworkPolicy& closed = world.cluster.policies.at({"shop", "a"});
  EXPECT_TRUE(closed.isolates_ingress);
  EXPECT_EQ(closed.pod_selector, policy("shop", "a", 0).pod_selector);
  EXPECT_THAT(world.lines(),
              ElementsAre("NetworkPolicy shop/a: has 61 rules, peers, ports and labels, and one policy "
                          "may have 50 (--namespace-entries): meanwhile it isolates all the same and "
                          "allows nothing",
                          HasSubstr("NetworkPolicy shop/b: has 51 CIDRs, and one policy may have 50")));
}

TEST(Budget, TogetherTheyHaveNoMoreAndOthersHaveTheirOwn) {
  World world{PolicyBudgets({10, 100, 100}), {}};
  world.put(policy("shop", "a", 40), policy("shop", "b", 40), policy("shop", "c", 40),
            policy("shop", "d", 10), policy("dev", "a", 40));
  EXPECT_THAT(world.rules(), ElementsAre(40U, 40U, 0U, 10U));
  EXPECT_THAT(world.rules("dev"), ElementsAre(40U));
  EXPECT_EQ(world.budgets.beyond(), 1U);
}

TEST(Budget, OfMorePoliciesThanThereMayBeOneStandsForAll) {
  World world{PolicyBudgets({3, 100, 100}), {}};
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) world.put(policy("shop", name, 2));
  EXPECT_THAT(world.rules(), ElementsAre(2U, 2U, 2U, 0U));
  const NetworkPolicy& all = world.cluster.policies.at({"shop", "d"});
  EXPECT_TRUE(all.isolates_ingress && all.isolates_egress && all.pod_selector.requirements.empty());
  EXPECT_EQ(world.budgets.beyond(), 3U);
  EXPECT_THAT(world.lines().front(), HasSubstr("every pod of the namespace is isolated"));
  world.put({removal("shop", "a"), removal("shop", "f")});
  EXPECT_THAT(world.rules(), ElementsAre(2U, 2U, 2U, 0U)) << "d has its rules again, e stands for all";
  world.put({removal("shop", "b"), removal("shop", "c")});
  EXPECT_THAT(world.rules(), ElementsAre(2U, 2U));
  EXPECT_EQ(world.budgets.beyond(), 0U);
}

// Law 1.
TEST(Budget, TheOrderInWhichTheyComeDecidesNothing) {
  std::vector<NetworkPolicy> all;
  for (int i = 0; i < 12; ++i)
    all.push_back(
        policy("shop", std::string(1, static_cast<char>('a' + i)), 5 + 7 * static_cast<size_t>(i % 4)));
  World once{PolicyBudgets({8, 100, 100}), {}}, one_by_one{PolicyBudgets({8, 100, 100}), {}};
  std::vector<Change> changes;
  for (const auto& one : all) changes.push_back(Change::upsert(one));
  once.put(changes);
  std::reverse(all.begin(), all.end());
  for (const auto& one : all) {
    one_by_one.put(policy("shop", one.name.name, 1));
    one_by_one.put(one);
  }
  EXPECT_EQ(once.cluster, one_by_one.cluster);
  EXPECT_EQ(once.lines(), one_by_one.lines());
  EXPECT_GT(once.budgets.beyond(), 4U);
}

// Each block with each CIDR inside it is a class of addresses more.
TEST(Budget, BlocksAroundManyCidrsAreCounted) {
  World world{PolicyBudgets({1000, 10'000, 300}), {}};  // 4,800 pairs
  std::vector<Change> changes{Change::upsert(policy("shop", "a", 1, 140))};
  for (int i = 0; i < 50; ++i)
    changes.push_back(Change::upsert(around("w" + std::to_string(100 + i), "10.0.0.0/8", 1)));
  world.put(std::move(changes));
  EXPECT_EQ(world.rules().front(), 1U);
  EXPECT_EQ(world.budgets.beyond(), 18U);  // 140 for a, 142 for each other
  EXPECT_THAT(world.lines().back(), HasSubstr("its blocks lie around 142 CIDRs"));
}

TEST(Budget, ManyPoliciesWithTheSameExceptionsAreFewPairs) {
  World world{PolicyBudgets(), {}};
  std::vector<Change> changes;
  for (int i = 0; i < 2000; ++i)
    changes.push_back(Change::upsert(around("w" + std::to_string(i), "0.0.0.0/0", 4)));
  world.put(std::move(changes));
  EXPECT_EQ(world.budgets.beyond(), 0U);
}

TEST(Budget, LinesAreFewAndOtherKindsPass) {
  World world{PolicyBudgets({10'000, 100, 100}), {}};
  std::vector<Change> changes{Change::upsert(Namespace{{"", "shop"}, {}})};
  for (int i = 0; i < 100; ++i) changes.push_back(Change::upsert(policy("shop", std::to_string(i), 60)));
  world.put(std::move(changes));
  EXPECT_THAT(world.lines(), SizeIs(21));
  EXPECT_EQ(world.lines().back(), "namespace shop: 80 policies more are beyond what it may have");
  EXPECT_THAT(world.cluster.namespaces, SizeIs(1));
}

TEST(Budget, WhatNobodyToldIsTakenAwayAllTheSame) {
  World world{PolicyBudgets(), {}};
  EXPECT_THAT(world.budgets.admit({removal("shop", "a")}), SizeIs(1));
}

}  // namespace
}  // namespace sluice::model
