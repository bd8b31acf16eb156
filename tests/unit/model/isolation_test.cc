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

}  // namespace
}  // namespace sluice::model
