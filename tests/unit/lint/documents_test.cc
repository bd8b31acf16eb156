#include "tests/unit/lint/found.h"

namespace sluice::lint {
namespace {

std::string of_kind(const std::string& version, const std::string& kind) {
  return "{apiVersion: " + version + ", kind: " + kind + ", metadata: {namespace: shop, name: x}}\n";
}

TEST(Documents, PoliciesOfOthers) {
  check_rows(Rule::kUnknownPolicyKind,
             {{"Cilium", of_kind("cilium.io/v2", "CiliumNetworkPolicy"),
               "CiliumNetworkPolicy shop/x : CiliumNetworkPolicy (cilium.io/v2) is not enforced here and is "
               "passed over"},
              {"Calico", of_kind("projectcalico.org/v3", "NetworkPolicy"),
               "NetworkPolicy shop/x : NetworkPolicy (projectcalico.org/v3) is not enforced here and is "
               "passed over"},
              {"Calico's resources", of_kind("crd.projectcalico.org/v1", "GlobalNetworkPolicy"),
               "GlobalNetworkPolicy shop/x : GlobalNetworkPolicy (crd.projectcalico.org/v1) is not enforced "
               "here and is "
               "passed over"},
              {"Antrea", of_kind("crd.antrea.io/v1beta1", "ClusterNetworkPolicy"),
               "ClusterNetworkPolicy shop/x : ClusterNetworkPolicy (crd.antrea.io/v1beta1) is not enforced "
               "here and is "
               "passed over"},
              {"AdminNetworkPolicy", of_kind("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"),
               "AdminNetworkPolicy shop/x : AdminNetworkPolicy (policy.networking.k8s.io/v1alpha1) is not "
               "enforced here "
               "and is passed over"},
              {"what is no policy", of_kind("cilium.io/v2", "CiliumNode"), ""},
              {"ours", policy("x", ""), ""}});
}

TEST(Documents, HowAnAdminNetworkPolicyIsMended) {
  const auto findings =
      lint(input_of(of_kind("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"))).findings;
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].mend,
            "sluicectl convert --from v1alpha1 writes it as ClusterNetworkPolicy of v1alpha2");
}

TEST(Documents, ACalicoPolicyIsNotTakenForOurs) {
  const std::string ours = policy("x", "policyTypes: [Ingress], egress: [{}]");
  EXPECT_EQ(
      found(
          Rule::kRulesWithoutEffect,
          ours +
              "{apiVersion: projectcalico.org/v3, kind: NetworkPolicy, metadata: {namespace: shop, name: x, "
              "annotations: {sluice.dev/lint-ignore: \"rules-without-effect: x\"}}}\n"),
      "NetworkPolicy shop/x spec.egress: policyTypes leaves out Egress: 1 rule without effect");
}

TEST(Documents, TemplatesThatNobodyRendered) {
  const std::string text = pod("shop", "web", "app: web") +
                           "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n---\n" +
                           policy("a", "podSelector: {matchLabels: {app: wbe}}");
  const auto findings = lint(input_of(text)).findings;
  EXPECT_NE(found(Rule::kSelectsNoPod, text), "") << "the rest is looked at";
  EXPECT_NE(found(Rule::kTemplateNotRendered, text), "");
  for (const Finding& finding : findings) {
    if (finding.rule != Rule::kTemplateNotRendered) continue;
    EXPECT_EQ(finding.line, 6u);
  }
  EXPECT_EQ(found(Rule::kTemplateNotRendered, pod("shop", "web", "app: web")), "");
}

}  // namespace
}  // namespace sluice::lint
