#include "tests/unit/lint/found.h"

namespace sluice::lint {
namespace {

const std::string kWeb = pod("shop", "web", "app: web");
const char kUnprotected[] =
    "Pod shop/web : no policy selects it: everybody may reach it, and it may reach everybody";
const char kNoDeny[] =
    "Namespace shop : 1 pod is there, and a new one that no policy selects is open to everybody";

TEST(Protection, PodsThatNoPolicySelects) {
  check_rows(
      Rule::kUnprotectedPod,
      {{"selected", kWeb + policy("a", "podSelector: {}"), ""},
       {"selected for egress alone", kWeb + policy("a", "podSelector: {}, policyTypes: [Egress]"), ""},
       {"others are", kWeb + policy("a", "podSelector: {matchLabels: {app: api}}"), kUnprotected},
       {"host network", host_pod("shop", "proxy", ""), ""},
       {"a workload", "{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: shop, name: web}}\n",
        "Deployment shop/web : no policy selects it: everybody may reach it, and it may reach everybody"}});
}

TEST(Protection, NamespacesWithoutDefaultDeny) {
  check_rows(
      Rule::kNamespaceWithoutDefaultDeny,
      {{"closed", kWeb + policy("a", "podSelector: {}, ingress: [{}]"), ""},
       {"closed for egress alone", kWeb + policy("a", "podSelector: {}, policyTypes: [Egress]"), kNoDeny},
       {"for some pods", kWeb + policy("a", "podSelector: {matchLabels: {app: web}}"), kNoDeny},
       {"without pods", ns("shop"), ""},
       {"hostNetwork pods alone", host_pod("shop", "proxy", ""), ""}});
}

TEST(Protection, ANamespaceStandsWhereItIsWritten) {
  const auto line = [](const std::string& text) {
    for (const Finding& finding : lint(input_of(text)).findings)
      if (finding.rule == Rule::kNamespaceWithoutDefaultDeny) return finding.line;
    return 0u;
  };
  EXPECT_EQ(line(kWeb + ns("shop")), 3u);
  EXPECT_EQ(line(ns("other") + kWeb), 3u) << "it is not there: its first pod";
}

}  // namespace
}  // namespace sluice::lint
