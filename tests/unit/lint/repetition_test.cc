#include "tests/unit/lint/found.h"

namespace sluice::lint {
namespace {

std::string from(const std::string& name, const std::string& selector, const std::string& rules) {
  return policy(name, "podSelector: {" + selector + "}, ingress: [" + rules + "]");
}
const std::string kWebTo80 = "{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 80}]}";
const char kShadow[] = "spec.ingress[0]: shop/wide:ingress[0] allows all that this rule does";

TEST(Repetition, RulesInTheShadowOfOthers) {
  const std::string narrow = from("a", "matchLabels: {app: api, tier: back}", kWebTo80);
  const auto wide = [&](const std::string& selector, const std::string& rule) {
    return narrow + from("wide", selector, rule);
  };
  check_rows(
      Rule::kShadowedRule,
      {{"alone", narrow, ""},
       {"everything", wide("", "{}"), kShadow},
       {"for more pods", wide("matchLabels: {app: api}", kWebTo80), kShadow},
       {"in audit", narrow + with("sluice.dev/mode: audit", from("wide", "", "{}")), ""},
       {"with hours", narrow + with("sluice.dev/active: Mon 08:00-18:00", from("wide", "", "{}")), ""},
       {"for more pods by terms",
        wide("matchExpressions: [{key: app, operator: In, values: [api, db]}, {key: gone, "
             "operator: DoesNotExist}]",
             kWebTo80),
        ""},
       {"for one of several values",
        wide("matchExpressions: [{key: app, operator: In, values: [api, db]}]", kWebTo80), kShadow},
       {"for those that have the label", wide("matchExpressions: [{key: tier, operator: Exists}]", kWebTo80),
        kShadow},
       {"for those that are not another",
        wide("matchExpressions: [{key: app, operator: NotIn, values: [db]}]", kWebTo80), kShadow},
       {"for other pods", wide("matchLabels: {app: db}", kWebTo80), ""},
       {"from more pods", wide("", "{from: [{podSelector: {}}], ports: [{port: 80}]}"), kShadow},
       {"from every namespace", wide("", "{from: [{namespaceSelector: {}}], ports: [{port: 80}]}"), kShadow},
       {"from this namespace by name",
        wide("", "{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}]}"),
        kShadow},
       {"from another namespace",
        wide("", "{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: prod}}}]}"), ""},
       {"a range", wide("", "{ports: [{port: 1, endPort: 100}]}"), kShadow},
       {"a whole protocol", wide("", "{ports: [{protocol: UDP}, {protocol: TCP}]}"), kShadow},
       {"another protocol", wide("", "{ports: [{protocol: UDP}]}"), ""},
       {"fewer ports", wide("", "{ports: [{port: 81}]}"), ""},
       {"in the same policy", from("a", "", kWebTo80 + ", {ports: [{port: 80}]}"),
        "spec.ingress[0]: shop/a:ingress[1] allows all that this rule does"},
       {"twice: the later", from("a", "", kWebTo80 + ", " + kWebTo80),
        "spec.ingress[1]: shop/a:ingress[0] allows all that this rule does"},
       {"not for ingress", narrow + policy("wide", "podSelector: {}, policyTypes: [Egress], ingress: [{}]"),
        ""},
       {"named ports",
        from("a", "", "{ports: [{port: http}]}") + from("wide", "", "{ports: [{port: http}, {port: x}]}"),
        kShadow}});
}

TEST(Repetition, BlocksInTheShadowOfOthers) {
  const auto blocks = [](const std::string& narrow, const std::string& wide) {
    return from("a", "", "{from: [{ipBlock: {" + narrow + "}}]}") +
           from("wide", "", "{from: [{ipBlock: {" + wide + "}}, {podSelector: {}}]}");
  };
  check_rows(
      Rule::kShadowedRule,
      {{"a part", blocks("cidr: 10.1.0.0/16", "cidr: 10.0.0.0/8"), kShadow},
       {"a hole in it", blocks("cidr: 10.1.0.0/16", "cidr: 10.0.0.0/8, except: [10.1.2.0/24]"), ""},
       {"a hole that both have",
        blocks("cidr: 10.1.0.0/16, except: [10.1.2.0/23]", "cidr: 10.0.0.0/8, except: [10.1.2.0/24]"),
        kShadow},
       {"a hole elsewhere", blocks("cidr: 10.1.0.0/16", "cidr: 10.0.0.0/8, except: [10.2.0.0/16]"), kShadow},
       {"it is the hole", blocks("cidr: 10.1.0.0/16", "cidr: 10.0.0.0/8, except: [10.0.0.0/9]"), ""},
       {"another family", blocks("cidr: \"fd00::/64\"", "cidr: 0.0.0.0/0"), ""}});
}

TEST(Repetition, PoliciesThatSayTheSame) {
  check_rows(
      Rule::kDuplicatePolicy,
      {{"the later by name", from("b", "", kWebTo80) + from("a", "", kWebTo80),
        "NetworkPolicy shop/b : it says the same as NetworkPolicy shop/a"},
       {"in another order",
        from("b", "", kWebTo80 + ", {ports: [{port: 1}, {port: 2}]}") +
            from("a", "", "{ports: [{port: 2}, {port: 1}]}, " + kWebTo80),
        "NetworkPolicy shop/b : it says the same as NetworkPolicy shop/a"},
       {"rules without effect say nothing",
        policy("a", "policyTypes: [Ingress], egress: [{}]") + policy("b", "policyTypes: [Ingress]"),
        "NetworkPolicy shop/b : it says the same as NetworkPolicy shop/a"},
       {"other hours",
        with("sluice.dev/active: Mon 08:00-18:00", from("b", "", kWebTo80)) + from("a", "", kWebTo80), ""},
       {"another selector", from("b", "", kWebTo80) + from("a", "matchLabels: {app: x}", kWebTo80), ""},
       {"another direction", policy("a", "policyTypes: [Egress]") + policy("b", "policyTypes: [Ingress]"),
        ""}});
  check_rows(Rule::kShadowedRule,
             {{"not said of duplicates", from("b", "", kWebTo80) + from("a", "", kWebTo80), ""}});
}

}  // namespace
}  // namespace sluice::lint
