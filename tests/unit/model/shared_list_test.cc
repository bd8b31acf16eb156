#include "agent/model/shared_list.h"

#include <gtest/gtest.h>

#include "agent/model/cluster.h"

namespace sluice::model {
namespace {

const Requirements kWeb{{"app", Operator::kIn, {"web"}}};

TEST(SharedList, CopiesShareUntilOneIsChanged) {
  Requirements one = kWeb;
  EXPECT_TRUE(one.shares_with(kWeb));
  one.push_back({"team", Operator::kExists, {}});
  EXPECT_FALSE(one.shares_with(kWeb));
  EXPECT_EQ(kWeb.size(), 1u);
  EXPECT_EQ(one.size(), 2u);
  const Requirements before = one;
  one.edit().clear();
  EXPECT_TRUE(one.empty());
  EXPECT_EQ(before.size(), 2u);
}

TEST(SharedList, ComparesAsAList) {
  const Requirements same{{"app", Operator::kIn, {"web"}}}, more{{"app", Operator::kIn, {"web", "www"}}};
  EXPECT_EQ(kWeb, same);
  EXPECT_LT(kWeb, more);
  EXPECT_LT(Requirements(), kWeb);
  Requirements emptied = kWeb;
  emptied.edit().clear();
  EXPECT_EQ(emptied, Requirements());
}

TEST(SharedLists, EqualOnesBecomeOneAndWhatNobodyHasGoes) {
  SharedLists<Requirement> pool;
  Requirements one{{"app", Operator::kIn, {"web"}}}, another{{"app", Operator::kIn, {"web"}}}, none;
  pool.share(one);
  pool.share(another);
  pool.share(none);
  EXPECT_TRUE(one.shares_with(another));
  EXPECT_EQ(pool.size(), 1u);
  for (int i = 0; i < 10'000; ++i) {
    Requirements gone{{"number", Operator::kIn, {std::to_string(i)}}};
    pool.share(gone);
  }
  EXPECT_LT(pool.size(), 200u);
  Requirements later{{"app", Operator::kIn, {"web"}}};
  pool.share(later);
  EXPECT_TRUE(later.shares_with(one));
}

TEST(SharedLists, PoliciesOfAClusterShareTheirSelectors) {
  Cluster cluster;
  for (const char* name : {"a", "b"}) {
    NetworkPolicy policy;
    policy.name = {"shop", name};
    policy.pod_selector = {{{"app", Operator::kIn, {"web"}}}};
    policy.ingress.push_back({{SelectorPeer{LabelSelector{{{"app", Operator::kIn, {"web"}}}}, {}}}, {}});
    cluster.apply(Change::upsert(policy));
  }
  ClusterNetworkPolicy tiered;
  tiered.subject.pods = {{{"app", Operator::kIn, {"web"}}}};
  for (const char* name : {"c", "d"}) {
    tiered.name.name = name;
    tiered.egress = {{"", Action::kDeny, false, {NetworksPeer{{net::Cidr()}}}, {}}};
    cluster.apply(Change::upsert(tiered));
  }
  EXPECT_EQ(cluster.networks.size(), 1u);
  EXPECT_EQ(cluster.selectors.size(), 1u);
  const auto& first = cluster.policies.at({"shop", "a"});
  const auto& second = cluster.policies.at({"shop", "b"});
  EXPECT_TRUE(first.pod_selector.requirements.shares_with(
      std::get<SelectorPeer>(second.ingress[0].peers[0]).pod_selector->requirements));
  const Cluster copy = cluster;
  EXPECT_EQ(copy, cluster);
}

}  // namespace
}  // namespace sluice::model
