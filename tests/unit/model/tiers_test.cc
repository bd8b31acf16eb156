#include "agent/model/tiers.h"

#include <gtest/gtest.h>

namespace sluice::model {
namespace {

ClusterNetworkPolicy made(const char* name, Tier tier, uint32_t priority) {
  ClusterNetworkPolicy policy;
  policy.name.name = name;
  policy.tier = tier;
  policy.priority = priority;
  return policy;
}

Cluster with(std::vector<ClusterNetworkPolicy> policies) {
  Cluster cluster;
  for (auto& policy : policies) cluster.cluster_policies[policy.name] = policy;
  return cluster;
}

TEST(Tiers, AdminComesFirstThenPriorityThenTheName) {
  const Cluster cluster = with({made("b", Tier::kBaseline, 0), made("z", Tier::kAdmin, 5),
                                made("y", Tier::kAdmin, 9), made("x", Tier::kAdmin, 9)});
  std::string order;
  for (const auto* policy : in_order(cluster)) order += called(*policy) + " ";
  EXPECT_EQ(order, "Admin/z Admin/x Admin/y Baseline/b ");
}

TEST(Tiers, ASubjectMatchesByNamespaceAndByPod) {
  Cluster cluster;
  cluster.namespaces[{"", "shop"}] = {{"", "shop"}, {{"team", "a"}}};
  ClusterNetworkPolicy policy = made("p", Tier::kAdmin, 0);
  EXPECT_TRUE(is_subject(cluster, "shop", {}, policy));
  policy.subject = {{{{"team", Operator::kIn, {"a"}}}}, {{{"app", Operator::kIn, {"web"}}}}};
  EXPECT_TRUE(is_subject(cluster, "shop", {{"app", "web"}}, policy));
  EXPECT_FALSE(is_subject(cluster, "shop", {{"app", "db"}}, policy));
  EXPECT_FALSE(is_subject(cluster, "other", {{"app", "web"}}, policy));
}

TEST(Tiers, NamesOfRules) {
  ClusterNetworkPolicy policy = made("p", Tier::kBaseline, 0);
  policy.egress.resize(2);
  policy.egress[1].name = "no mail";
  const Cluster cluster = with({policy});
  EXPECT_EQ(rule_name(policy, Direction::kEgress, 1), "Baseline/p:egress[1]");
  EXPECT_EQ(own_name_of(cluster, "Baseline/p:egress[1]"), "no mail");
  for (const char* none : {"Baseline/p:egress[0]", "Baseline/p:egress[2]", "Admin/p:egress[1]", "Baseline/p",
                           "Baseline/q:egress[1]", "shop/p:egress[1]", ""})
    EXPECT_EQ(own_name_of(cluster, none), "") << none;
  EXPECT_EQ(tier_of("Admin/x"), Tier::kAdmin);
  EXPECT_EQ(tier_of("Baseline/x:egress[0]"), Tier::kBaseline);
  EXPECT_FALSE(tier_of("admin/x:egress[0]"));
  EXPECT_FALSE(tier_of("Administrators/x"));
}

}  // namespace
}  // namespace sluice::model
