// Order among ClusterNetworkPolicies.
#include "tests/unit/lint/found.h"

namespace sluice::lint {
namespace {

const std::string kWorld =
    ns("shop") + pod("shop", "web", "app: web") + pod("shop", "db", "app: db", "", "", "10.0.0.2");

std::string of(const std::string& name, const std::string& tier_and_priority, const std::string& pods,
               const std::string& rules, const std::string& direction = "egress") {
  const std::string subject =
      pods.empty() ? "namespaces: {}" : "pods: {podSelector: {matchLabels: {" + pods + "}}}";
  return cluster_policy(
      name, tier_and_priority + ", subject: {" + subject + "}, " + direction + ": [" + rules + "]");
}

const std::string kDenyAll = "{action: Deny, to: [{networks: [0.0.0.0/0]}]}";
const std::string kDenyV6 = "{action: Deny, to: [{networks: ['::/0']}]}";
const std::string kAcceptDb = "{action: Accept, to: [{pods: {podSelector: {matchLabels: {app: db}}}}]}";

TEST(Tiers, RulesThatNothingReaches) {
  const std::string behind =
      "ClusterNetworkPolicy b spec.egress[0]: Admin/a:egress[0] is asked before it and matches "
      "all that it matches";
  check_rows(
      Rule::kNeverMatches,
      {{"an exception that comes too late",
        kWorld + of("a", "Admin, priority: 1", "", kDenyAll + ", " + kAcceptDb),
        "ClusterNetworkPolicy a spec.egress[1]: Admin/a:egress[0] is asked before it and matches all that it "
        "matches"},
       {"names within names",
        kWorld + of("a", "Admin, priority: 1", "",
                    "{action: Accept, to: [{domainNames: ['*.b.c', x.y]}]}, {action: Accept, to: "
                    "[{domainNames: [a.b.c, "
                    "'*.a.b.c', x.y]}]}, {action: Accept, to: [{domainNames: [b.c]}]}"),
        "ClusterNetworkPolicy a spec.egress[1]: Admin/a:egress[0] is asked before it and matches all that it "
        "matches"},
       {"in time", kWorld + of("a", "Admin, priority: 1", "", kAcceptDb + ", " + kDenyAll), ""},
       {"of a family that nobody has", kWorld + of("a", "Admin, priority: 1", "", kDenyV6 + ", " + kAcceptDb),
        ""},
       {"by priority",
        kWorld + of("b", "Admin, priority: 2", "app: web", kAcceptDb) +
            of("a", "Admin, priority: 1", "", kDenyAll),
        behind},
       {"not while its hours last",
        kWorld + of("b", "Admin, priority: 2", "app: web", kAcceptDb) +
            with("sluice.dev/active: Mon 08:00-18:00", of("a", "Admin, priority: 1", "", kDenyAll)),
        ""},
       {"of the same hours",
        kWorld +
            with("sluice.dev/active: Mon 08:00-18:00", of("b", "Admin, priority: 2", "app: web", kAcceptDb)) +
            with("sluice.dev/active: Mon 08:00-18:00", of("a", "Admin, priority: 1", "", kDenyAll)),
        behind},
       {"the other priority",
        kWorld + of("b", "Admin, priority: 0", "app: web", kAcceptDb) +
            of("a", "Admin, priority: 1", "", kDenyAll),
        ""},
       {"of other pods",
        kWorld + of("a", "Admin, priority: 1", "app: db", kDenyAll) +
            of("b", "Admin, priority: 2", "", kAcceptDb),
        ""},
       {"another tier",
        kWorld + of("a", "Admin, priority: 1", "", "{action: Pass, to: [{networks: [0.0.0.0/0]}]}") +
            of("b", "Baseline, priority: 2", "", kAcceptDb),
        ""},
       {"ports within ports",
        kWorld + of("a", "Admin, priority: 1", "",
                    "{action: Deny, to: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {range: "
                    "{start: 1, end: "
                    "99}}}}]}, {action: Accept, to: [{namespaces: {}}], protocols: [{tcp: {destinationPort: "
                    "{number: "
                    "80}}}]}, {action: Accept, to: [{namespaces: {}}], protocols: [{udp: {destinationPort: "
                    "{number: "
                    "80}}}]}"),
        "ClusterNetworkPolicy a spec.egress[1]: Admin/a:egress[0] is asked before it and matches all that it "
        "matches"},
       {"nodes and networks",
        kWorld +
            of("a", "Admin, priority: 1", "",
               "{action: Deny, to: [{nodes: {}}, {networks: [10.0.0.0/8]}]}, {action: Accept, to: [{nodes: "
               "{matchLabels: {zone: b}}}]}, {action: Accept, to: [{networks: [10.1.0.0/16]}]}, {action: "
               "Accept, to: "
               "[{networks: [11.0.0.0/16]}]}"),
        "ClusterNetworkPolicy a spec.egress[1]: Admin/a:egress[0] is asked before it and matches all that it "
        "matches\n"
        "ClusterNetworkPolicy a spec.egress[2]: Admin/a:egress[0] is asked before it and matches all that it "
        "matches"}});
}

TEST(Tiers, ABaselineThatNetworkPoliciesHide) {
  const std::string base = of("a", "Baseline, priority: 1", "app: web", kDenyAll);
  check_rows(
      Rule::kNeverMatches,
      {{"hidden", kWorld + base + policy("p", "podSelector: {}, policyTypes: [Egress]"),
        "ClusterNetworkPolicy a spec.egress[0]: NetworkPolicies isolate every pod that it is for, for "
        "egress: the "
        "Baseline is not asked about them"},
       {"by one in audit",
        kWorld + base + with("sluice.dev/mode: audit", policy("p", "podSelector: {}, policyTypes: [Egress]")),
        ""},
       {"by one with hours",
        kWorld + base +
            with("sluice.dev/active: Mon 08:00-18:00", policy("p", "podSelector: {}, policyTypes: [Egress]")),
        ""},
       {"in the other direction", kWorld + base + policy("p", "podSelector: {}, policyTypes: [Ingress]"), ""},
       {"of every pod that will come",
        kWorld + of("a", "Baseline, priority: 1", "", kDenyAll) +
            policy("p", "podSelector: {}, policyTypes: [Egress]"),
        ""}});
}

TEST(Tiers, EqualPriorities) {
  const std::string deny = of("a", "Admin, priority: 1", "app: web", kDenyAll);
  check_rows(
      Rule::kEqualPrioritiesOverlap,
      {{"they disagree", kWorld + deny + of("b", "Admin, priority: 1", "", kAcceptDb),
        "ClusterNetworkPolicy b spec.priority: Admin/a has the same priority and speaks of the same pods: "
        "Admin/b:egress[0] and Admin/a:egress[0] disagree, and only the name says which comes first"},
       {"names may have any address",
        kWorld + deny +
            of("b", "Admin, priority: 1", "", "{action: Accept, to: [{domainNames: [www.example.com]}]}"),
        "ClusterNetworkPolicy b spec.priority: Admin/a has the same priority and speaks of the same pods: "
        "Admin/b:egress[0] and Admin/a:egress[0] disagree, and only the name says which comes first"},
       {"another priority", kWorld + deny + of("b", "Admin, priority: 2", "", kAcceptDb), ""},
       {"another tier", kWorld + deny + of("b", "Baseline, priority: 1", "", kAcceptDb), ""},
       {"of other pods", kWorld + deny + of("b", "Admin, priority: 1", "app: db", kAcceptDb), ""},
       {"they agree", kWorld + deny + of("b", "Admin, priority: 1", "", kDenyAll), ""},
       {"about others",
        kWorld + deny + of("b", "Admin, priority: 1", "", "{action: Accept, to: [{networks: ['fd00::/8']}]}"),
        ""},
       {"the other direction",
        kWorld + deny +
            of("b", "Admin, priority: 1", "", "{action: Accept, from: [{namespaces: {}}]}", "ingress"),
        ""},
       {"at other ports",
        kWorld +
            of("a", "Admin, priority: 1", "",
               "{action: Deny, to: [{namespaces: {}}], protocols: [{tcp: "
               "{destinationPort: {number: 80}}}]}") +
            of("b", "Admin, priority: 1", "",
               "{action: Accept, to: [{namespaces: {}}], protocols: [{tcp: "
               "{destinationPort: {number: 81}}}]}"),
        ""}});
}

}  // namespace
}  // namespace sluice::lint
