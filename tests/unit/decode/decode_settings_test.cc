// The annotations sluice.dev/mode, active, policy-log-level and metrics-enabled.
#include "tests/unit/decode/decoded.h"

namespace sluice::source::decode {
namespace {

// "audit 1 log 2 metrics 0 | WARNING" of a NetworkPolicy; of a Namespace its first word.
std::string settings(const std::string& kind, const std::string& annotations) {
  const bool policy = kind == "NetworkPolicy";
  const Decoded decoded = decode("{apiVersion: " + std::string(policy ? "networking.k8s.io/v1" : "v1") +
                                     ", kind: " + kind + ", metadata: {name: a, annotations: {" +
                                     annotations + "}}" + (policy ? ", spec: {podSelector: {}}" : "") + "}",
                                 "f");
  std::string out;
  for (const auto& found : decoded.objects) {
    if (const auto* read = std::get_if<model::NetworkPolicy>(&found.object))
      out += "audit " + std::to_string(read->audit) + " log " +
             std::to_string(static_cast<int>(read->log_level)) + " metrics " + std::to_string(read->metrics);
    else
      out += "audit " + std::to_string(std::get<model::Namespace>(found.object).audit);
  }
  for (const auto& warning : decoded.warnings) out += " | " + warning.to_text();
  for (const auto& problem : decoded.problems) out += " | PROBLEM " + problem.to_text();
  return out;
}

TEST(DecodeSettings, AuditOfPoliciesAndNamespaces) {
  EXPECT_EQ(settings("Namespace", "sluice.dev/mode: audit"), "audit 1");
  EXPECT_EQ(settings("Namespace", "sluice.dev/mode: enforce"), "audit 0");
  EXPECT_EQ(settings("Namespace", "other: audit"), "audit 0");
  EXPECT_EQ(
      settings("Namespace", "sluice.dev/mode: adit"),
      "audit 0 | f: document 1: Namespace a: metadata.annotations[\"sluice.dev/mode\"]: \"adit\" is no mode: "
      "write audit or enforce; what it is on stays enforced");
  EXPECT_EQ(settings("NetworkPolicy", "sluice.dev/mode: audit"), "audit 1 log 0 metrics 0");
}

TEST(DecodeSettings, LogLevelAndMetricsWithAndWithoutThePrefix) {
  EXPECT_EQ(settings("NetworkPolicy", "sluice.dev/policy-log-level: none"), "audit 0 log 1 metrics 0");
  EXPECT_EQ(settings("NetworkPolicy", "policy-log-level: denied"), "audit 0 log 2 metrics 0");
  EXPECT_EQ(settings("NetworkPolicy", "policy-log-level: all, metrics-enabled: 'true'"),
            "audit 0 log 3 metrics 1");
  EXPECT_EQ(settings("NetworkPolicy", "sluice.dev/metrics-enabled: 'false', metrics-enabled: 'true'"),
            "audit 0 log 0 metrics 0");
  EXPECT_EQ(settings("NetworkPolicy", "policy-log-level: some"),
            "audit 0 log 0 metrics 0 | f: document 1: NetworkPolicy default/a: "
            "metadata.annotations[\"policy-log-level\"]: \"some\" is no log level: write none, denied or "
            "all; the log "
            "is as for all policies");
  EXPECT_EQ(settings("NetworkPolicy", "metrics-enabled: 'yes'"),
            "audit 0 log 0 metrics 0 | f: document 1: NetworkPolicy default/a: "
            "metadata.annotations[\"metrics-enabled\"]: \"yes\" is neither \"true\" nor \"false\"; the "
            "policy has no "
            "counters of its own");
}

// "HOURS | WARNING" of a policy of either kind.
std::string hours(const std::string& kind, const std::string& active) {
  const bool tier = kind == "ClusterNetworkPolicy";
  const Decoded decoded = decode(
      "{apiVersion: " + std::string(tier ? "policy.networking.k8s.io/v1alpha2" : "networking.k8s.io/v1") +
          ", kind: " + kind + ", metadata: {name: a, annotations: {sluice.dev/active: " + active +
          "}}, spec: " +
          (tier ? "{tier: Admin, priority: 1, subject: {namespaces: {}}}" : "{podSelector: {}}") + "}",
      "f");
  std::string out;
  for (const auto& found : decoded.objects)
    out += tier ? std::get<model::ClusterNetworkPolicy>(found.object).active
                : std::get<model::NetworkPolicy>(found.object).active;
  for (const auto& warning : decoded.warnings) out += " | " + warning.to_text();
  for (const auto& problem : decoded.problems) out += " | PROBLEM " + problem.to_text();
  return out;
}

TEST(DecodeSettings, HoursOfBothKinds) {
  for (const char* kind : {"NetworkPolicy", "ClusterNetworkPolicy"}) {
    EXPECT_EQ(hours(kind, "'Mon-Fri 08:00-18:00 Europe/Berlin; !2026-12-24T18:00/2026-12-27T06:00'"),
              "Mon-Fri 08:00-18:00 Europe/Berlin; !2026-12-24T18:00/2026-12-27T06:00");
    const std::string name = kind + std::string(kind[0] == 'N' ? " default/a" : " a");
    EXPECT_EQ(hours(kind, "Mon-Fri 8-18"),
              " | f: document 1: " + name +
                  ": metadata.annotations[\"sluice.dev/active\"]: \"8-18\" are no hours: write them as "
                  "08:00-18:00, from 00:00 to 24:00; the policy is always in force");
    EXPECT_EQ(hours(kind, "''"),
              " | f: document 1: " + name +
                  ": metadata.annotations[\"sluice.dev/active\"]: is empty: write it as Mon-Fri 08:00-18:00 "
                  "Europe/Berlin or 2026-12-24T18:00/2026-12-27T06:00; the policy is always in force");
    EXPECT_NE(hours(kind, "5").find("the policy is always in force"), std::string::npos);
  }
}

TEST(DecodeSettings, APolicyThatCannotBeReadWholeKeepsItsHours) {
  const Decoded decoded = decode(
      "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a, annotations: "
      "{sluice.dev/active: Sat}}, spec: {podSelector: {}, unknown: 1}}",
      "f");
  ASSERT_EQ(decoded.closed.size(), 1u);
  EXPECT_EQ(std::get<model::NetworkPolicy>(decoded.closed.front().policy).active, "Sat");
}

TEST(DecodeSettings, AClusterNetworkPolicyHasNoAudit) {
  const auto warnings = [](const std::string& mode) {
    return decode(
               "{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: "
               "a, annotations: "
               "{sluice.dev/mode: " +
                   mode + "}}, spec: {tier: Admin, priority: 1, subject: {namespaces: {}}}}",
               "f")
        .warnings;
  };
  ASSERT_EQ(warnings("audit").size(), 1u);
  EXPECT_EQ(warnings("audit").front().to_text(),
            "f: document 1: ClusterNetworkPolicy a: metadata.annotations[\"sluice.dev/mode\"]: a "
            "ClusterNetworkPolicy cannot be "
            "in audit: try it with sluicectl diff; it is enforced");
  EXPECT_TRUE(warnings("enforce").empty());
}

// One that cannot be read whole isolates (semantics 40), but not while it is in audit.
TEST(DecodeSettings, APolicyInAuditThatCannotBeReadIsolatesNobody) {
  const Decoded decoded = decode(
      "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a, annotations: "
      "{sluice.dev/mode: "
      "audit}}, spec: {podSelector: {}, unknown: 1}}",
      "f");
  ASSERT_EQ(decoded.closed.size(), 1u);
  EXPECT_TRUE(std::get<model::NetworkPolicy>(decoded.closed.front().policy).audit);
  EXPECT_EQ(decoded.closed.front().in_force, "it is in audit and isolates nobody");
}

}  // namespace
}  // namespace sluice::source::decode
