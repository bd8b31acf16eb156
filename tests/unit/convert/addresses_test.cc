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
  EXPECT_TRUE(cluster.knows_own());
  EXPECT_FALSE(cluster.knows_nodes);
}

TEST(Addresses, OnlyWhatIsSaidMakesTheClustersKnown) {
  const char* const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n";
  const std::string node =
      "---\napiVersion: v1\nkind: Node\nmetadata: {name: node-1}\nspec: {podCIDR: 10.0.0.0/16}\n"
      "status: {addresses: [{type: InternalIP, address: 192.0.2.1}, {type: InternalIP, address: "
      "'fd00::1'}]}\n";
  const auto pod_at = [&](const std::string& ip) {
    return pod + ("status: {phase: Running, podIP: " + ip + "}\n");
  };
  struct Row {
    std::string objects;
    std::vector<net::Cidr> said;
    std::string why;
  };
  const Row rows[] = {
      {"", {}, "the cluster's addresses are not known: give --cluster"},
      {node, {}, "the cluster's addresses are not known: give --cluster"},
      {node,
       {cidr("10.9.0.0/16")},
       "Node node-1 has fd00::1, and no --cluster is of that family: give each prefix of the cluster's pods"},
      {node, {cidr("10.9.0.0/16"), cidr("fd00:9::/32")}, ""},
      {pod_at("10.9.0.1"), {cidr("10.9.0.0/16")}, ""},
      {pod_at("10.8.0.1"),
       {cidr("10.9.0.0/16")},
       "Pod shop/web has 10.8.0.1, which is in no --cluster: give each prefix of the cluster's pods"},
      {pod_at("10.8.0.1") + node, {cidr("10.8.0.0/16"), cidr("fd00:9::/32")}, ""},
      // A pod in its node's network has the node's address.
      {pod + std::string("spec: {hostNetwork: true}\nstatus: {phase: Running, podIP: 192.0.2.1}\n"),
       {cidr("10.9.0.0/16")},
       ""}};
  for (const Row& row : rows)
    EXPECT_EQ(cluster_of(read_input(row.objects, "f"), row.said).why_unknown, row.why) << row.objects;
  // Cilium and Calico give pods addresses without regard to podCIDRs.
  EXPECT_EQ(cluster_of(read_input(node, "f"), {}).own,
            (std::vector{cidr("192.0.2.1/32"), cidr("fd00::1/128")}));
}

}  // namespace
}  // namespace sluice::convert
