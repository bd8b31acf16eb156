// What is said of objects that are no policies of the dialect.
#include "agent/convert/kinds.h"

#include <gtest/gtest.h>

namespace sluice::convert {
namespace {

std::string object(const std::string& api_version, const std::string& kind) {
  return "---\napiVersion: " + api_version + "\nkind: " + kind + "\nmetadata: {name: web, namespace: shop}\n";
}

// "problem …" and "remark …", a line each.
std::string said(const std::string& text, Dialect dialect) {
  Output output;
  note_kinds(read_input(text, "f"), dialect, output);
  const Conversion made = std::move(output).conversion();
  std::string all;
  for (const std::string& problem : made.problems) all += "problem " + problem + "\n";
  for (const std::string& remark : made.remarks) all += "remark " + remark + "\n";
  return all;
}

TEST(Kinds, WhatIsNearlyOneIsAProblem) {
  struct Row {
    Dialect dialect;
    const char *api_version, *kind, *meant;
  };
  constexpr const char *kCiliumPolicy = "cilium.io/v2 CiliumNetworkPolicy",
                       *kTier = "projectcalico.org/v3 Tier",
                       *kAdmin = "policy.networking.k8s.io/v1alpha1 AdminNetworkPolicy";
  const Row rows[] = {
      {Dialect::kCilium, "cilium.io/v2", "ciliumnetworkpolicy", kCiliumPolicy},
      {Dialect::kCilium, "cilium.io/v2", "CiliumNetworkPolicies", kCiliumPolicy},
      {Dialect::kCilium, "cilium.io/v2", "CiliumNetworkPolicylist", kCiliumPolicy},
      {Dialect::kCilium, "cilium.io/v2", "CilliumNetworkPolicy", kCiliumPolicy},
      {Dialect::kCilium, "cilium.io/v3", "CiliumNetworkPolicy", kCiliumPolicy},
      {Dialect::kCilium, "cilum.io/v2", "CiliumNetworkPolicy", kCiliumPolicy},
      {Dialect::kCilium, "v2", "CiliumNetworkPolicy", kCiliumPolicy},
      {Dialect::kCilium, "cilium.io/v2", "CiliumClusterWideNetworkPolicy",
       "cilium.io/v2 CiliumClusterwideNetworkPolicy"},
      {Dialect::kCalico, "projectcalico.org/v3", "tiers", kTier},
      {Dialect::kCalico, "projectcalico.org/v1", "Tier", kTier},
      {Dialect::kCalico, "crd.projectcalico.org/v1", "networkpolicy",
       "crd.projectcalico.org/v1 NetworkPolicy"},
      {Dialect::kCalico, "projectcalico.org/v3", "GlobalNetworkSets",
       "projectcalico.org/v3 GlobalNetworkSet"},
      {Dialect::kV1alpha1, "policy.networking.k8s.io/v1alpha2", "AdminNetworkPolicy", kAdmin},
      {Dialect::kV1alpha1, "policy.networking.k8s.io/v1alpha1", "adminnetworkpolicy", kAdmin}};
  for (const Row& row : rows)
    EXPECT_EQ(said(object(row.api_version, row.kind), row.dialect),
              "problem " + std::string(row.kind) + " shop/web: \"" + row.kind + "\" is not known in \"" +
                  row.api_version + "\": did you mean " + row.meant + "?\n");
}

TEST(Kinds, PoliciesOfOthersArePassedOverWithARemark) {
  struct Row {
    Dialect dialect;
    const char *api_version, *kind, *from;
  };
  const Row rows[] = {
      {Dialect::kCilium, "projectcalico.org/v3", "NetworkPolicy", "calico"},
      {Dialect::kCilium, "projectcalico.org/v3", "Tier", "calico"},
      {Dialect::kCalico, "cilium.io/v2", "CiliumClusterwideNetworkPolicy", "cilium"},
      {Dialect::kCalico, "policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", "v1alpha1"},
      {Dialect::kCalico, "projectcalico.org/v3", "StagedNetworkPolicy", ""},
      {Dialect::kCilium, "crd.antrea.io/v1beta1", "ClusterNetworkPolicy", ""}};
  for (const Row& row : rows) {
    const std::string text = said(object(row.api_version, row.kind), row.dialect),
                      begin = "remark " + std::string(row.kind) + " shop/web: is passed over: ";
    EXPECT_TRUE(text.starts_with(begin)) << text;
    EXPECT_EQ(text.find("convert it with --from " + std::string(row.from)) != text.npos, row.from[0] != 0)
        << text;
  }
}

TEST(Kinds, OfAllElseNothingIsSaid) {
  const std::pair<const char*, const char*> rows[] = {
      {"v1", "Pod"},
      {"v1", "Namespace"},
      {"v1", "ConfigMap"},
      {"apps/v1", "Deployment"},
      {"networking.k8s.io/v1", "NetworkPolicy"},
      {"policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy"},
      {"policy/v1", "PodDisruptionBudget"},
      {"cilium.io/v2", "CiliumNode"},
      {"cilium.io/v2", "CiliumIdentity"},
      {"cilium.io/v2", "CiliumEndpoint"},
      {"projectcalico.org/v3", "IPPool"},
      {"projectcalico.org/v3", "HostEndpoint"},
      {"projectcalico.org/v3", "Profile"}};
  for (const auto& [dialect_name, dialect] : kDialects)
    for (const auto& [api_version, kind] : rows)
      EXPECT_EQ(said(object(api_version, kind), dialect), "") << dialect_name;
}

TEST(Kinds, WhatIsDefinedTwiceIsSaid) {
  const std::string one = object("cilium.io/v2", "CiliumNetworkPolicy");
  EXPECT_EQ(said(one + one + one, Dialect::kCilium),
            "remark CiliumNetworkPolicy shop/web: is defined more than once: the last counts\n");
  EXPECT_EQ(said("apiVersion: v1\nkind: List\nitems: [{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, "
                 "metadata: {name: web}}]\n"
                 "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: web, namespace: "
                 "default}\n",
                 Dialect::kCilium),
            "remark CiliumNetworkPolicy default/web: is defined more than once: the last counts\n");
}

}  // namespace
}  // namespace sluice::convert
