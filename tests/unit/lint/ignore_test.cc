#include "agent/lint/ignore.h"

#include "tests/unit/lint/found.h"

namespace sluice::lint {
namespace {

// "selects-no-pod node-local-dns | WARNING"
std::string ignored(const std::string& annotation) {
  source::WrittenObject object{
      "networking.k8s.io/v1", "NetworkPolicy", {"shop", "a"}, {"f", 1, 1}, annotation, {}, {}};
  std::vector<source::Warning> warnings;
  std::string text;
  for (const Rule rule : ignored_by(object, warnings))
    text += (text.empty() ? "" : " ") + std::string(facts_of(rule).id);
  for (const source::Warning& warning : warnings)
    text += " | " + warning.message.substr(warning.message.find("\"]: ") + 4);
  return text;
}

TEST(Ignore, OneAndSeveral) {
  EXPECT_EQ(ignored("selects-no-pod: they come at night"), "selects-no-pod");
  EXPECT_EQ(ignored("selects-no-pod: at night, or on Sundays"), "selects-no-pod");
  EXPECT_EQ(ignored("selects-no-pod: at night, node-local-dns: not yet"), "selects-no-pod node-local-dns");
  EXPECT_EQ(ignored("selects-no-pod: at night\nnode-local-dns: not yet\n"), "selects-no-pod node-local-dns");
  EXPECT_EQ(ignored(""), "");
}

TEST(Ignore, WhatIsWrongIsSaid) {
  EXPECT_EQ(ignored("selects-no-pod"),
            "selects-no-pod | selects-no-pod has no reason: write \"selects-no-pod: why\"");
  EXPECT_EQ(ignored("selects-no-pod, node-local-dns: why"),
            "selects-no-pod node-local-dns | selects-no-pod has no reason: write \"selects-no-pod: why\"");
  EXPECT_EQ(ignored("selects-no-pots: x"), " | \"selects-no-pots\" is no rule: did you mean selects-no-pod?");
  EXPECT_EQ(ignored("nonsense: x"), " | \"nonsense\" is no rule");
}

TEST(Ignore, OnItsOwnObjectAlone) {
  const std::string ignore = ", annotations: {sluice.dev/lint-ignore: \"rules-without-effect: soon\"}";
  const std::string spec = "policyTypes: [Ingress], egress: [{}]";
  EXPECT_EQ(found(Rule::kRulesWithoutEffect, policy("b", spec, ignore) + policy("a", spec)),
            "spec.egress: policyTypes leaves out Egress: 1 rule without effect");
}

TEST(Ignore, OnPodsAndNamespacesToo) {
  const std::string web =
      "{apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: web, annotations: "
      "{sluice.dev/lint-ignore: "
      "\"unprotected-pod: x\"}}, status: {podIP: 10.0.0.1}}\n---\n";
  const std::string shop =
      "{apiVersion: v1, kind: Namespace, metadata: {name: shop, annotations: {sluice.dev/lint-ignore: "
      "\"namespace-without-default-deny: x\"}}}\n";
  EXPECT_TRUE(lint(input_of(web + shop)).findings.empty());
}

}  // namespace
}  // namespace sluice::lint
