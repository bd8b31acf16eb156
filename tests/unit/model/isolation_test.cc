#include "agent/model/isolation.h"

#include <gtest/gtest.h>

namespace sluice::model {
namespace {

TEST(Isolation, PoliciesOfTheNamespaceThatSelectThePodInThatDirection) {
  Cluster cluster;
  const auto add = [&](const std::string& ns, const std::string& name, LabelSelector selector, bool ingress,
                       bool egress) {
    NetworkPolicy& policy = cluster.policies[{ns, name}];
    policy.name = {ns, name};
    policy.pod_selector = std::move(selector);
    policy.isolates_ingress = ingress;
    policy.isolates_egress = egress;
  };
  const LabelSelector web{{{"app", Operator::kIn, {"web"}}}};
  add("a", "all", {}, true, false);
  add("b", "all", {}, true, true);
  add("b", "out", web, false, true);
  add("b", "web", web, true, false);
  add("c", "all", {}, true, true);
  using Names = std::vector<std::string>;
  EXPECT_EQ(names_of(isolating_policies(cluster, "b", {{"app", "web"}}, Direction::kIngress)),
            (Names{"b/all", "b/web"}));
  EXPECT_EQ(names_of(isolating_policies(cluster, "b", {{"app", "web"}}, Direction::kEgress)),
            (Names{"b/all", "b/out"}));
  EXPECT_EQ(names_of(isolating_policies(cluster, "b", {}, Direction::kEgress)), Names{"b/all"});
  EXPECT_EQ(names_of(isolating_policies(cluster, "d", {}, Direction::kEgress)), Names{});
}

// What is in audit isolates nobody; asked what it would do, all isolate, where any of them is in audit.
TEST(Isolation, PoliciesInAudit) {
  Cluster cluster;
  for (const char* name : {"first", "second"}) cluster.policies[{"b", name}].name = {"b", name};
  using Names = std::vector<std::string>;
  const auto isolating = [&](Policies which) {
    return names_of(isolating_policies(cluster, "b", {}, Direction::kIngress, which));
  };
  EXPECT_EQ(isolating(Policies::kEnforced), (Names{"b/first", "b/second"}));
  EXPECT_EQ(isolating(Policies::kAudited), Names{});
  cluster.policies[{"b", "first"}].audit = true;
  EXPECT_EQ(isolating(Policies::kEnforced), Names{"b/second"});
  EXPECT_EQ(isolating(Policies::kAudited), (Names{"b/first", "b/second"}));
  cluster.namespaces[{"", "b"}].audit = true;
  EXPECT_EQ(isolating(Policies::kEnforced), Names{});
  EXPECT_EQ(isolating(Policies::kAudited), (Names{"b/first", "b/second"}));
}

}  // namespace
}  // namespace sluice::model
