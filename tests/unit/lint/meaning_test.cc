#include "tests/unit/lint/found.h"

namespace sluice::lint {
namespace {

TEST(Meaning, RulesThatPolicyTypesLeavesOut) {
  check_rows(
      Rule::kRulesWithoutEffect,
      {{"egress", policy("a", "policyTypes: [Ingress], egress: [{}, {}]"),
        "spec.egress: policyTypes leaves out Egress: 2 rules without effect"},
       {"ingress", policy("a", "policyTypes: [Egress], ingress: [{}]"),
        "spec.ingress: policyTypes leaves out Ingress: 1 rule without effect"},
       {"both are there", policy("a", "policyTypes: [Ingress, Egress], ingress: [{}], egress: [{}]"), ""},
       {"by default", policy("a", "ingress: [{}], egress: [{}]"), ""},
       {"an empty list", policy("a", "policyTypes: [Ingress], egress: []"), ""}});
}

std::string from(const std::string& peers) {
  return policy("a", "ingress: [{from: [" + peers + "]}]");
}
const char kTeam[] = "namespaceSelector: {matchLabels: {team: a}}";
const char kWeb[] = "podSelector: {matchLabels: {app: web}}";

TEST(Meaning, AndOr) {
  const std::string team = kTeam, web = kWeb;
  const std::string side_by_side =
      "spec.ingress[0].from: every pod of namespaces with team=a, or pods of this namespace with app=web: "
      "two peers, of "
      "which either may come";
  check_rows(
      Rule::kPeerAndOr,
      {{"one peer", from("{" + team + ", " + web + "}"), ""},
       {"side by side", from("{" + team + "}, {" + web + "}"), side_by_side},
       {"the other way round", from("{" + web + "}, {" + team + "}"), side_by_side},
       {"every namespace", from("{namespaceSelector: {}}, {" + web + "}"),
        "spec.ingress[0].from: every pod of namespaces with everything, or pods of this namespace with "
        "app=web: two "
        "peers, of which either may come"},
       {"the own namespace and others", from("{podSelector: {}}, {" + team + "}"), ""},
       {"two of a kind", from("{" + web + "}, {podSelector: {matchLabels: {app: api}}}"), ""},
       {"in two rules", policy("a", "ingress: [{from: [{" + team + "}]}, {from: [{" + web + "}]}]"), ""},
       {"beside a lone one of the same namespaces",
        from("{" + team + "}, {ipBlock: {cidr: 10.0.0.0/8}}, {" + team + ", " + web + "}"),
        "spec.ingress[0].from: namespaceSelector team=a stands with a podSelector in one peer and alone in "
        "another, which "
        "allows every pod there"},
       {"beside a lone one of the same pods", from("{" + team + ", " + web + "}, {" + web + "}"),
        "spec.ingress[0].from: podSelector app=web stands with a namespaceSelector in one peer and alone in "
        "another, which "
        "is for this namespace"},
       {"beside another", from("{" + team + ", " + web + "}, {podSelector: {matchLabels: {app: api}}}"), ""},
       {"egress", policy("a", "egress: [{to: [{" + team + "}, {" + web + "}]}]"),
        "spec.egress[0].to: every pod of namespaces with team=a, or pods of this namespace with app=web: two "
        "peers, of "
        "which either may come"}});
}

TEST(Meaning, AllowsEverything) {
  check_rows(
      Rule::kAllowsEverything,
      {{"{}", policy("a", "ingress: [{ports: [{port: 80}]}, {}]"),
        "spec.ingress[1]: the rule has no peers and allows everything from everybody, in and out of the "
        "cluster"},
       {"from: []", policy("a", "ingress: [{from: []}]"),
        "spec.ingress[0]: the rule has no peers and allows everything from everybody, in and out of the "
        "cluster"},
       {"to: [] with ports", policy("a", "egress: [{to: [], ports: [{port: 80}]}]"),
        "spec.egress[0]: an empty list of peers allows these ports to everybody, in and out of the cluster"},
       {"ports alone are meant", policy("a", "ingress: [{ports: [{port: 80}]}]"), ""},
       {"nobody", policy("a", "ingress: []"), ""},
       {"without effect", policy("a", "policyTypes: [Ingress], egress: [{}]"), ""},
       {"a peer", policy("a", "ingress: [{from: [{podSelector: {}}]}]"), ""}});
}

}  // namespace
}  // namespace sluice::lint
