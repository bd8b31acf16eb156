// The rules of `sluicectl lint`: one list gives ids, levels, texts, pages (docs/lint) and tests.
// Scripts rely on ids and levels (docs/interfaces.md). Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::lint {

enum class Level : uint8_t { kInfo, kWarning, kError };  // in order
std::string_view to_text(Level level);                   // "info", "warning", "error"
std::optional<Level> level_of(std::string_view text);

// X(enumerator, id, level, what it finds)
#define SLUICE_LINT_RULES(X)                                                                               \
  X(kSelectsNoPod, "selects-no-pod", kWarning, "the policy's podSelector matches no pod of its namespace") \
  X(kPeerSelectsNoPod, "peer-selects-no-pod", kWarning, "a peer's selectors match no pod")                 \
  X(kNamespaceLabelUnknown, "namespace-label-unknown", kWarning,                                           \
    "a peer's namespaceSelector asks for a label that no namespace has")                                   \
  X(kEgressWithoutDns, "egress-without-dns", kError,                                                       \
    "pods that some egress rule lets out cannot ask the cluster's DNS")                                    \
  X(kNamedPortUnknown, "named-port-unknown", kError,                                                       \
    "a rule's named port is defined by no pod that it could be looked up on")                              \
  X(kPortNotExposed, "port-not-exposed", kWarning,                                                         \
    "a rule's port is listed by no container of the pods that it leads to")                                \
  X(kCidrCoversCluster, "cidr-covers-cluster", kWarning,                                                   \
    "an ipBlock covers addresses of pods, Services or nodes")                                              \
  X(kCidrHostBits, "cidr-host-bits", kInfo, "a prefix has host bits, which count for nothing")             \
  X(kRulesWithoutEffect, "rules-without-effect", kError,                                                   \
    "policyTypes leaves out a direction that has rules")                                                   \
  X(kPeerAndOr, "peer-and-or", kWarning,                                                                   \
    "two peers side by side (either may come) that look like one with two selectors (both must hold)")     \
  X(kAllowsEverything, "allows-everything", kInfo, "a rule without peers allows everybody")                \
  X(kShadowedRule, "shadowed-rule", kInfo, "another rule allows all that this one does")                   \
  X(kDuplicatePolicy, "duplicate-policy", kInfo, "another policy of the namespace says the same")          \
  X(kUnprotectedPod, "unprotected-pod", kInfo, "no policy selects the pod")                                \
  X(kNamespaceWithoutDefaultDeny, "namespace-without-default-deny", kInfo,                                 \
    "no policy isolates every pod of the namespace for ingress")                                           \
  X(kSelectsHostNetwork, "selects-host-network", kError,                                                   \
    "the policy's podSelector matches hostNetwork pods, which no policy isolates")                         \
  X(kNodeLocalDns, "node-local-dns", kWarning,                                                             \
    "a rule lets pods ask the cluster's DNS, but not the node-local cache that is there")                  \
  X(kNeverMatches, "never-matches", kWarning,                                                              \
    "a rule of a ClusterNetworkPolicy that no connection ever reaches")                                    \
  X(kEqualPrioritiesOverlap, "equal-priorities-overlap", kWarning,                                         \
    "two ClusterNetworkPolicies of one priority disagree about the same pods")                             \
  X(kShutsOutDns, "shuts-out-dns", kWarning,                                                               \
    "a rule of a ClusterNetworkPolicy denies its subject the cluster's DNS or API server")                 \
  X(kAddressOfSeveralNames, "address-of-several-names", kWarning,                                          \
    "an address of a name that a rule allows has other names too (with --names)")                          \
  X(kNamesAService, "names-a-service", kWarning,                                                           \
    "domainNames has a Service's own name, which does not mean the pods behind it")                        \
  X(kUnknownPolicyKind, "unknown-policy-kind", kWarning, "a policy of a kind that is not enforced here")   \
  X(kTemplateNotRendered, "template-not-rendered", kError, "a template that was not rendered")

enum class Rule : uint8_t {
#define SLUICE_LINT_RULE(name, id, level, summary) name,
  SLUICE_LINT_RULES(SLUICE_LINT_RULE)
#undef SLUICE_LINT_RULE
};

struct RuleFacts {
  std::string_view id, summary;
  Rule rule;
  Level level;
};

inline constexpr RuleFacts kRules[] = {
#define SLUICE_LINT_RULE(name, id, level, summary) {id, summary, Rule::name, Level::level},
    SLUICE_LINT_RULES(SLUICE_LINT_RULE)
#undef SLUICE_LINT_RULE
};

constexpr const RuleFacts& facts_of(Rule rule) {
  return kRules[static_cast<uint8_t>(rule)];
}
std::optional<Rule> rule_of(std::string_view id);

}  // namespace sluice::lint
