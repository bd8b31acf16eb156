// Calico's policies field by field: what each becomes, and what of it cannot be said. That the whole means the same is
// tests/convert.
#include <gtest/gtest.h>

#include "agent/convert/convert.h"
#include "agent/model/selector_text.h"

namespace sluice::convert {
namespace {

constexpr const char* kNamespace =
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n---\n";

std::string object(const std::string& kind, const std::string& name, const std::string& spec,
                   const std::string& ns = {}) {
  return "---\napiVersion: projectcalico.org/v3\nkind: " + kind + "\nmetadata: {name: " + name +
         (ns.empty() ? "" : ", namespace: " + ns) + "}\nspec: " + spec + "\n";
}

std::string in_shop(const std::string& name, const std::string& spec) {
  return object("NetworkPolicy", name, spec, "shop");
}

Conversion from_calico(const std::string& text) {
  return convert(kNamespace + text, "f", Dialect::kCalico, {*net::Cidr::parse("10.0.0.0/8")});
}

std::string names_of(const Conversion& made) {
  std::string names;
  for (const model::Object& one : made.objects)
    names += (names.empty() ? "" : ", ") + model::id_of(one).name.to_text();
  return names;
}

const model::NetworkPolicy& policy_at(const Conversion& made, size_t index) {
  return std::get<model::NetworkPolicy>(made.objects.at(index));
}
const model::ClusterNetworkPolicy& tier_at(const Conversion& made, size_t index) {
  return std::get<model::ClusterNetworkPolicy>(made.objects.at(index));
}

TEST(CalicoPolicies, RulesThatOnlyAllowAreANetworkPolicy) {
  const Conversion made = from_calico(in_shop("web", R"y({selector: "app == 'web'", ingress: [{action: Log},
    {action: Allow, protocol: TCP, source: {selector: "app == 'front' || has(vip)", namespaceSelector: "projectcalico.org/name == 'shop'"},
     destination: {ports: [80, "8000:8100", http]}}]})y"));
  ASSERT_TRUE(made.holds(false));
  EXPECT_EQ(names_of(made), "shop/web");
  const auto& policy = policy_at(made, 0);
  EXPECT_EQ(model::to_text(policy.pod_selector), "app=web");
  EXPECT_TRUE(policy.isolates_ingress && !policy.isolates_egress);
  EXPECT_EQ(policy.ingress.at(0).peers.size(), 2u);
  EXPECT_EQ(policy.ingress.at(0).ports.size(), 3u);
}

TEST(CalicoPolicies, WhatIsNotIsCutOut) {
  const Conversion made = from_calico(in_shop("web", R"y({egress: [{action: Allow, protocol: TCP,
    destination: {nets: [10.0.0.0/30], notNets: [10.0.0.1], notPorts: ["81:65535", 7]}}]})y"));
  ASSERT_TRUE(made.holds(false));
  const auto& rule = policy_at(made, 0).egress.at(0);
  EXPECT_EQ(rule.peers.size(), 2u);
  ASSERT_EQ(rule.ports.size(), 2u);
  EXPECT_EQ(std::get<net::PortRange>(rule.ports[1].port).last.host(), 80);
}

TEST(CalicoPolicies, SetsAreTheirPrefixes) {
  const Conversion made = from_calico(
      object("GlobalNetworkSet", "bad", "{nets: [203.0.113.0/24, 198.51.100.7]}") +
      in_shop(
          "web",
          "{egress: [{action: Allow, destination: {selector: 'all()', namespaceSelector: 'global()'}}]}"));
  ASSERT_TRUE(made.holds(false));
  EXPECT_EQ(policy_at(made, 0).egress.at(0).peers.size(), 2u);
}

TEST(CalicoPolicies, AnOrderIsARowOfPriorities) {
  const Conversion made = from_calico(
      in_shop("b",
              "{order: 1, egress: [{action: Deny, destination: {nets: [10.9.0.0/16]}}, {action: Allow}]}") +
      in_shop("a", "{order: 2, egress: [{action: Allow, destination: {selector: 'all()'}}]}"));
  ASSERT_TRUE(made.holds(false));
  EXPECT_EQ(names_of(made),
            "calico-shop-a-egress, calico-shop-a-end-egress, calico-shop-b-egress, calico-shop-b-end-egress");
  EXPECT_LT(tier_at(made, 2).priority, tier_at(made, 0).priority);
  EXPECT_LT(tier_at(made, 0).priority, tier_at(made, 1).priority);
  EXPECT_EQ(tier_at(made, 1).egress.at(0).action, model::Action::kDeny);
}

TEST(CalicoPolicies, ATierThatPassesComesBeforeNetworkPolicies) {
  const Conversion made = from_calico(object("Tier", "security", "{order: 100}") +
                                      object("GlobalNetworkPolicy", "metadata",
                                             "{tier: security, egress: [{action: Deny, destination: {nets: "
                                             "[169.254.169.254]}}, {action: Pass}]}") +
                                      in_shop("web", "{egress: [{action: Allow}]}"));
  ASSERT_TRUE(made.holds(false));
  EXPECT_EQ(names_of(made), "shop/web, calico-metadata-egress");
  EXPECT_EQ(tier_at(made, 1).egress.at(0).action, model::Action::kDeny);
  EXPECT_EQ(tier_at(made, 1).egress.at(1).action, model::Action::kPass);
}

// NetworkPolicies of Kubernetes stand in the tier default.
TEST(CalicoPolicies, KubernetesPoliciesAreAskedAfterTiersBeforeDefault) {
  const std::string rules =
      "egress: [{action: Deny, destination: {nets: [169.254.169.254]}}, {action: Pass}]}";
  const std::string kube =
      "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: k, namespace: shop}\n"
      "spec: {podSelector: {}, policyTypes: [Egress]}\n";
  const Conversion before = from_calico(object("Tier", "security", "{order: 100}") +
                                        in_shop("web", "{tier: security, " + rules) + kube);
  ASSERT_TRUE(before.holds(false));
  EXPECT_EQ(tier_at(before, 0).egress.at(1).action, model::Action::kPass);
  const Conversion among = from_calico(in_shop("web", "{" + rules) + kube);
  EXPECT_EQ(tier_at(among, 0).egress.at(1).action, model::Action::kAccept);
  ASSERT_EQ(among.losses.size(), 1u);
  EXPECT_EQ(among.losses[0].object, "NetworkPolicy shop/k (networking.k8s.io/v1)");
  const Conversion after = from_calico(object("Tier", "late", "{order: 2000000}") +
                                       in_shop("web", "{tier: late, egress: [{action: Allow}]}"));
  EXPECT_FALSE(after.holds(true));
}

TEST(CalicoPolicies, SourcesThatAreNoPodsStayNetworkPolicies) {
  const Conversion made = from_calico(in_shop("web",
                                              "{ingress: [{action: Deny, source: {nets: [203.0.113.0/24]}}, "
                                              "{action: Allow, source: {nets: [203.0.112.0/23]}}]}"));
  ASSERT_TRUE(made.holds(false));
  EXPECT_EQ(names_of(made), "shop/web, calico-shop-web-end-ingress");
  EXPECT_EQ(policy_at(made, 0).ingress.at(0).peers,
            (std::vector<model::Peer>{model::IpBlock{*net::Cidr::parse("203.0.112.0/24"), {}}}));
}

TEST(CalicoPolicies, AGlobalOneOfANamespacesNameAndLabelsNeedsTheNamespace) {
  const auto made = [&](const std::string& namespaces, const std::string& before) {
    return convert(before + object("GlobalNetworkPolicy", "web",
                                   "{namespaceSelector: \"" + namespaces + "\", ingress: [{action: Deny}]}"),
                   "f", Dialect::kCalico, {});
  };
  const std::string name = "projectcalico.org/name == 'shop'", both = name + " && team == 'a'";
  const Conversion unknown = made(both, "");
  ASSERT_EQ(unknown.losses.size(), 1u);
  EXPECT_EQ(unknown.losses[0].done, "put the cluster's Namespaces into the input");
  EXPECT_FALSE(unknown.holds(true));
  EXPECT_EQ(names_of(made(name, "")), "shop/web");
  EXPECT_EQ(names_of(made(both, kNamespace)), "shop/web");
  EXPECT_FALSE(made("projectcalico.org/name == 'mill' && team == 'a'", kNamespace).holds(true));
  // A policy of one namespace may ask for that namespace's labels.
  EXPECT_FALSE(
      convert(in_shop("web", "{selector: \"pcns.team == 'a'\"}"), "f", Dialect::kCalico, {}).holds(true));
}

struct LossRow {
  const char *spec, *field;
  bool opens;
};

TEST(CalicoPolicies, WhatCannotBeSaidIsNamed) {
  const LossRow rows[] = {
      {R"(ingress: [{action: Allow, source: {serviceAccounts: {names: [a]}}}])",
       "spec.ingress[0].source.serviceAccounts", false},
      {R"(ingress: [{action: Allow, source: {notSelector: 'has(a)'}}])", "spec.ingress[0].source.notSelector",
       false},
      {R"(egress: [{action: Allow, destination: {services: {name: a}}}])",
       "spec.egress[0].destination.services", false},
      {R"(ingress: [{action: Allow, protocol: ICMP}])", "spec.ingress[0].protocol", false},
      {R"(ingress: [{action: Allow, notProtocol: TCP}])", "spec.ingress[0].notProtocol", false},
      {R"(ingress: [{action: Allow, protocol: TCP, source: {ports: [80]}}])", "spec.ingress[0].source.ports",
       false},
      {R"(ingress: [{action: Allow, protocol: TCP, http: {methods: [GET]}}])", "spec.ingress[0].http", false},
      {R"(ingress: [{action: Allow, source: {selector: "a starts with 'b'"}}])",
       "spec.ingress[0].source.selector", false},
      {R"(ingress: [{action: Allow, source: {selector: 'all()', nets: [10.0.0.0/8]}}])",
       "spec.ingress[0].source.nets", false},
      {R"(ingress: [{action: Allow, source: {selector: "projectcalico.org/serviceaccount == 'b'"}}])",
       "spec.ingress[0].source.selector", false},
      {R"(selector: "a contains 'b'")", "spec.selector", true},
      {R"(serviceAccountSelector: "role == 'a'")", "spec.serviceAccountSelector", true}};
  for (const LossRow& row : rows) {
    const Conversion made = from_calico(in_shop("web", "{" + std::string(row.spec) + "}"));
    ASSERT_EQ(made.losses.size(), 1u) << row.spec << (made.problems.empty() ? "" : made.problems[0]);
    EXPECT_EQ(made.losses[0].object, "NetworkPolicy shop/web");
    EXPECT_EQ(made.losses[0].field, row.field);
    EXPECT_EQ(made.losses[0].opens, row.opens) << row.spec;
    EXPECT_FALSE(made.holds(false));
    EXPECT_EQ(made.holds(true), !row.opens);
  }
}

TEST(CalicoPolicies, WhatIsWrongIsNamed) {
  const std::pair<const char*, const char*> rows[] = {
      {"{ingres: []}", "spec: unknown field \"ingres\""},
      {"{tier: moon}", "spec.tier: \"moon\" is not in the input: put its Tier there"},
      {"{order: first}", "spec.order: \"first\" is no number"},
      {"{selector: \"a = 'b'\"}", "spec.selector: at "},
      {"{ingress: [{action: Accept}]}", "spec.ingress[0].action: \"Accept\" is not an action"},
      {"{ingress: [{action: Allow, destination: {ports: [80]}}]}",
       "spec.ingress[0].destination.ports: needs protocol"},
      {"{ingress: [{action: Allow, protocol: TCP, destination: {ports: [\"9:1\"]}}]}",
       "is no range of ports"},
      {"{ingress: [{action: Deny, source: {namespaceSelector: \"!global()\"}}]}",
       "spec.ingress[0].source.namespaceSelector: holds global() beside other words"},
      {"{ingress: [{action: Deny, source: {namespaceSelector: \"global() || team == 'a'\"}}]}",
       "spec.ingress[0].source.namespaceSelector: holds global() beside other words"},
      {"{selector: \"!global()\"}", "spec.selector: holds global() beside other words"},
      {"{selector: \"global()\"}", "spec.selector: holds global(), which stands in a rule's"},
      {"{types: [Both]}", "spec.types[0]: \"Both\" is no type"}};
  for (const auto& [spec, text] : rows) {
    const Conversion made = from_calico(in_shop("web", spec));
    ASSERT_EQ(made.problems.size(), 1u) << spec;
    EXPECT_NE(made.problems[0].find(text), std::string::npos) << made.problems[0];
  }
}

}  // namespace
}  // namespace sluice::convert
