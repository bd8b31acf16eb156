// Prefixes without others.
#include "agent/convert/addresses.h"

#include <gtest/gtest.h>

namespace sluice::convert {
namespace {

net::Cidr cidr(const char* text) {
  return net::Cidr::parse(text).value();
}

TEST(Addresses, WhatIsLeftOfAPrefix) {
  EXPECT_EQ(without(cidr("10.0.0.0/8"), {}), std::vector{cidr("10.0.0.0/8")});
  EXPECT_EQ(without(cidr("10.0.0.0/8"), {cidr("10.0.0.0/8")}), std::vector<net::Cidr>{});
  EXPECT_EQ(without(cidr("10.0.0.0/8"), {cidr("0.0.0.0/0")}), std::vector<net::Cidr>{});
  EXPECT_EQ(without(cidr("10.0.0.0/8"), {cidr("fd00::/8"), cidr("11.0.0.0/8")}),
            std::vector{cidr("10.0.0.0/8")});
  EXPECT_EQ(without(cidr("10.0.0.0/30"), {cidr("10.0.0.1/32")}),
            (std::vector{cidr("10.0.0.0/32"), cidr("10.0.0.2/31")}));
  EXPECT_EQ(without(cidr("::/0"), {cidr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128")}).size(), 128u);
}

TEST(Addresses, TheClustersOwnAreCutOut) {
  Cluster cluster;
  cluster.own = {cidr("10.0.0.0/8"), cidr("192.0.2.1/32")};
  EXPECT_TRUE(outside_block(cluster, {cidr("10.1.0.0/16"), {}}).empty());
  const auto left =
      outside_block(cluster, {cidr("0.0.0.0/0"), {cidr("10.2.0.0/16"), cidr("203.0.113.0/24")}});
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].except, (std::vector{cidr("10.0.0.0/8"), cidr("192.0.2.1/32"), cidr("203.0.113.0/24")}));
}

TEST(Addresses, OfPrefixesThatNestTheWidestIsLeft) {
  Input input;
  const Cluster cluster =
      cluster_of(input, {cidr("10.0.0.0/8"), cidr("fd00::/8"), cidr("10.9.0.0/16"), cidr("10.9.1.0/24"),
                         cidr("9.0.0.0/8"), cidr("fd00::/64"), cidr("10.0.0.0/16")});
  EXPECT_EQ(cluster.own, (std::vector{cidr("9.0.0.0/8"), cidr("10.0.0.0/8"), cidr("fd00::/8")}));
  EXPECT_TRUE(cluster.knows_own);
  EXPECT_FALSE(cluster.knows_nodes);
}

}  // namespace
}  // namespace sluice::convert
