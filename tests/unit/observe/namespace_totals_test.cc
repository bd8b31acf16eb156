#include "agent/observe/namespace_totals.h"

#include <gtest/gtest.h>

namespace sluice::observe {
namespace {

PodCounts pod(const std::string& ns, const std::string& name, uint64_t denied, uint64_t flows = 0) {
  return {ns, name, {{denied, 0}, {0, 2 * denied}, {0, flows}}};
}

TEST(NamespaceTotals, OnlyGrowWhileAPodIsThere) {
  NamespaceTotals totals;
  EXPECT_EQ(totals.update({pod("shop", "a", 5, 2), pod("shop", "b", 7, 1)}).at("shop").denied[0], 12u);
  EXPECT_EQ(totals.update({pod("shop", "a", 6, 2)}).at("shop").denied[0], 13u) << "b went, its packets stay";
  EXPECT_EQ(totals.update({pod("shop", "a", 2, 1)}).at("shop").denied[0], 15u) << "a began anew";
  EXPECT_EQ(totals.update({pod("shop", "a", 2, 1)}).at("shop").opened[1], 30u) << "connections likewise";
  EXPECT_EQ(totals.update({pod("shop", "a", 2, 1)}).at("shop").flows[1], 1u) << "as many as there are now";
}

TEST(NamespaceTotals, GoWithTheirLastPod) {
  NamespaceTotals totals;
  (void)totals.update({pod("ci-1", "job", 5), pod("shop", "a", 1)});
  EXPECT_FALSE(totals.update({pod("shop", "a", 1)}).contains("ci-1"));
  EXPECT_EQ(totals.update({pod("ci-1", "job", 2), pod("shop", "a", 1)}).at("ci-1").denied[0], 2u);
}

TEST(NamespaceTotals, AreBoundedAndLoseNothing) {
  std::vector<PodCounts> pods;
  for (size_t i = 0; i < kMostNamespaces + 3; ++i) pods.push_back(pod("ns-" + std::to_string(i), "a", 10, 1));
  NamespaceTotals totals;
  const auto& many = totals.update(pods);
  EXPECT_EQ(many.size(), kMostNamespaces + 1);
  EXPECT_EQ(many.at(kOtherNamespaces).denied[0], 30u);
  EXPECT_EQ(many.at(kOtherNamespaces).flows[1], 3u);
  pods.erase(pods.begin());
  for (auto& each : pods) each.counts.denied[0] += 1;
  const auto& later = totals.update(pods);
  EXPECT_EQ(later.size(), kMostNamespaces + 1) << "the place that is free goes to one of the others";
  EXPECT_EQ(later.at(kOtherNamespaces).denied[0], 32u) << "which was there for 3 of them, and now is for 2";
  EXPECT_EQ(later.at("ns-" + std::to_string(kMostNamespaces)).denied[0], 1u) << "from here on";
}

}  // namespace
}  // namespace sluice::observe
