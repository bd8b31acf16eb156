// CiliumNetworkPolicies field by field: what each becomes, and what of it cannot be said. That the whole means the same is
// tests/convert.
#include <gtest/gtest.h>

#include "agent/convert/convert.h"
#include "agent/model/selector_text.h"

namespace sluice::convert {
namespace {

constexpr const char* kNamespaces =
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n---\n"
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: lab}\n---\n"
    "apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\nspec: {podCIDR: 10.0.0.0/16}\n"
    "status: {addresses: [{type: InternalIP, address: 192.0.2.1}]}\n---\n";

std::string policy_of(const std::string& spec, bool clusterwide = false) {
  return std::string("apiVersion: cilium.io/v2\nkind: ") +
         (clusterwide ? "CiliumClusterwideNetworkPolicy\nmetadata: {name: web}\n"
                      : "CiliumNetworkPolicy\nmetadata: {name: web, namespace: shop}\n") +
         "spec: " + spec;
}

Conversion from_cilium(const std::string& spec, bool clusterwide = false, bool surroundings = true) {
  std::vector<net::Cidr> cluster;
  if (surroundings) cluster = {*net::Cidr::parse("10.0.0.0/16")};
  return convert((surroundings ? kNamespaces : "") + policy_of(spec, clusterwide), "f", Dialect::kCilium,
                 cluster);
}

// "egress: deny [0] app=a" and the like would hide what matters: the one object that is asked for.
template <typename Kind>
std::vector<Kind> all_of(const Conversion& made) {
  std::vector<Kind> found;
  for (const model::Object& object : made.objects)
    if (const auto* one = std::get_if<Kind>(&object)) found.push_back(*one);
  return found;
}

TEST(CiliumPolicies, AllowRulesOfPodsAreANetworkPolicy) {
  const Conversion made = from_cilium(R"({endpointSelector: {matchLabels: {"k8s:app": web}},
    ingress: [{fromEndpoints: [{matchLabels: {app: front}}, {matchLabels: {"k8s:io.kubernetes.pod.namespace": lab}}],
               toPorts: [{ports: [{port: "80", protocol: TCP}, {port: "1000", endPort: 2000, protocol: udp}]}]}]})");
  ASSERT_TRUE(made.holds(false));
  ASSERT_EQ(made.objects.size(), 1u);
  const auto& policy = std::get<model::NetworkPolicy>(made.objects[0]);
  EXPECT_EQ(policy.name.to_text(), "shop/web");
  EXPECT_EQ(model::to_text(policy.pod_selector), "app=web");
  EXPECT_TRUE(policy.isolates_ingress && !policy.isolates_egress);
  ASSERT_EQ(policy.ingress.size(), 1u);
  const auto& own = std::get<model::SelectorPeer>(policy.ingress[0].peers.at(0));
  EXPECT_FALSE(own.namespace_selector);
  const auto& other = std::get<model::SelectorPeer>(policy.ingress[0].peers.at(1));
  EXPECT_EQ(model::to_text(*other.namespace_selector), "kubernetes.io/metadata.name=lab");
  EXPECT_FALSE(other.pod_selector);
  EXPECT_EQ(policy.ingress[0].ports.size(), 2u);
}

TEST(CiliumPolicies, AnEmptyRuleIsolatesAndAnEmptyListDoesNot) {
  auto policies =
      all_of<model::NetworkPolicy>(from_cilium("{endpointSelector: {}, ingress: [{}], egress: []}"));
  ASSERT_EQ(policies.size(), 1u);
  EXPECT_TRUE(policies[0].isolates_ingress && !policies[0].isolates_egress && policies[0].ingress.empty());
  policies = all_of<model::NetworkPolicy>(from_cilium(
      "{endpointSelector: {}, ingress: [{fromEndpoints: [], toPorts: [{ports: [{port: \"80\"}]}]}]}"));
  EXPECT_TRUE(policies.at(0).ingress.empty());  // a list without an entry matches nobody
  EXPECT_TRUE(from_cilium("{endpointSelector: {}, ingress: [{}], enableDefaultDeny: {ingress: false}}")
                  .objects.empty());
}

TEST(CiliumPolicies, PrefixesAreNeverPodsAndNodes) {
  const Conversion made = from_cilium(R"({endpointSelector: {},
    ingress: [{fromCIDRSet: [{cidr: 0.0.0.0/0, except: [203.0.113.0/24]}]}],
    egress: [{toCIDR: ["198.51.100.7"]}, {toEntities: [remote-node]}, {toFQDNs: [{matchName: API.example.com}, {matchPattern: "**.example.org"}]}]})");
  ASSERT_TRUE(made.holds(false)) << made.losses.at(0).to_text();
  const auto policies = all_of<model::NetworkPolicy>(made);
  const auto& block = std::get<model::IpBlock>(policies.at(0).ingress.at(0).peers.at(0));
  EXPECT_EQ(block.except.size(), 3u);  // its own, the pods, the node
  EXPECT_TRUE(policies[0].isolates_egress && policies[0].egress.empty());
  const auto tiers = all_of<model::ClusterNetworkPolicy>(made);
  ASSERT_EQ(tiers.size(), 3u);
  EXPECT_EQ(tiers[0].name.name, "cilium-inside-pass");
  EXPECT_EQ(tiers[1].name.name, "shop-web-nodes");
  EXPECT_EQ(tiers[2].name.name, "shop-web-outside");
  EXPECT_LT(tiers[1].priority, tiers[0].priority);
  EXPECT_LT(tiers[0].priority, tiers[2].priority);
  EXPECT_EQ(tiers[2].egress.at(0).peers.at(0),
            model::ClusterPeer(model::NetworksPeer{{*net::Cidr::parse("198.51.100.7/32")}}));
  EXPECT_EQ(tiers[2].egress.at(1).peers.at(0),
            model::ClusterPeer(model::DomainNamesPeer{{"*.example.org", "api.example.com"}}));
}

TEST(CiliumPolicies, WhatIsDeniedComesFirst) {
  const auto tiers = all_of<model::ClusterNetworkPolicy>(
      from_cilium("{endpointSelector: {}, egressDeny: [{toEndpoints: [{matchLabels: {app: db}}], toPorts: "
                  "[{ports: [{port: sql}]}]}, {toEntities: [world]}]}"));
  ASSERT_EQ(tiers.size(), 3u);
  EXPECT_EQ(tiers[1].name.name, "shop-web-deny");
  EXPECT_EQ(tiers[1].egress.at(0).action, model::Action::kDeny);
  EXPECT_EQ(tiers[1].egress.at(0).protocols.at(0), model::ClusterProtocol(model::NamedPort{"sql"}));
  EXPECT_EQ(tiers[2].name.name, "shop-web-deny-outside");
}

TEST(CiliumPolicies, AClusterwideOneIsInEachNamespace) {
  const std::string spec =
      R"({endpointSelector: {matchLabels: {"io.cilium.k8s.namespace.labels.team": a}}, ingress: [{fromEndpoints: [{}]}]})";
  const Conversion made = from_cilium(spec, true);
  ASSERT_TRUE(made.holds(false));
  const auto policies = all_of<model::NetworkPolicy>(made);
  ASSERT_EQ(policies.size(), 1u);
  EXPECT_EQ(policies[0].name.to_text(), "shop/web");
  EXPECT_EQ(std::get<model::SelectorPeer>(policies[0].ingress.at(0).peers.at(0)).namespace_selector,
            model::LabelSelector{});
  EXPECT_EQ(made.remarks.size(), 1u);
  EXPECT_FALSE(from_cilium(spec, true, false).holds(true));  // which namespaces there are is not known
}

// Of a namespace that is not in the input the name is known, and no other label.
TEST(CiliumPolicies, AClusterwideOneOfANamespacesNameAndLabelsNeedsTheNamespace) {
  const std::string name = "io.kubernetes.pod.namespace: shop",
                    label = "io.cilium.k8s.namespace.labels.team: a";
  const auto made = [&](const std::string& labels, bool surroundings) {
    return from_cilium("{endpointSelector: {matchLabels: {" + labels + "}}, ingress: [{}]}", true,
                       surroundings);
  };
  const Conversion unknown = made(name + ", " + label, false);
  ASSERT_EQ(unknown.losses.size(), 1u);
  EXPECT_EQ(unknown.losses[0].done, "put the cluster's Namespaces into the input");
  EXPECT_FALSE(unknown.holds(true));
  EXPECT_EQ(all_of<model::NetworkPolicy>(made(name, false)).size(), 1u);
  EXPECT_EQ(all_of<model::NetworkPolicy>(made(name + ", " + label, true)).size(), 1u);
  EXPECT_FALSE(made("io.kubernetes.pod.namespace: mill, " + label, true).holds(true));
  EXPECT_TRUE(made("io.kubernetes.pod.namespace: lab, " + label, true).objects.empty());
}

TEST(CiliumPolicies, PortZeroIsEveryPortOrARangesBegin) {
  const auto ports = [](const std::string& entry) {
    const Conversion made = from_cilium("{endpointSelector: {}, ingress: [{toPorts: [{ports: [{" + entry +
                                        ", protocol: TCP}]}]}]}");
    return all_of<model::NetworkPolicy>(made).at(0).ingress.at(0).ports;
  };
  const auto range = [](uint16_t first, uint16_t last) {
    return std::vector<model::PolicyPort>{
        {net::kTcp, net::PortRange{net::Port::from_host(first), net::Port::from_host(last)}}};
  };
  EXPECT_EQ(ports("port: \"0\""), (std::vector<model::PolicyPort>{{net::kTcp, {}}}));
  EXPECT_EQ(ports("port: \"0\", endPort: 0"), (std::vector<model::PolicyPort>{{net::kTcp, {}}}));
  EXPECT_EQ(ports("port: \"0\", endPort: 80"), range(1, 80));
  EXPECT_EQ(ports("port: \"80\", endPort: 90"), range(80, 90));
}

struct LossRow {
  const char *spec, *field;
  bool opens;
};

TEST(CiliumPolicies, WhatCannotBeSaidIsNamed) {
  const LossRow rows[] = {
      {"ingress: [{toPorts: [{ports: [{port: \"80\", protocol: TCP}], rules: {http: [{path: /}]}}]}]",
       "spec.ingress[0].toPorts[0].rules.http", false},
      {"egress: [{toPorts: [{ports: [{port: \"53\"}], rules: {dns: [{matchName: a.b}]}}]}]",
       "spec.egress[0].toPorts[0].rules.dns", false},
      {"egress: [{toPorts: [{ports: [{port: \"443\"}], serverNames: [a.b]}]}]",
       "spec.egress[0].toPorts[0].serverNames", false},
      {"ingress: [{icmps: [{fields: [{type: 8}]}]}]", "spec.ingress[0].icmps", false},
      {"ingress: [{fromEntities: [kube-apiserver]}]", "spec.ingress[0].fromEntities[0]", false},
      {"ingress: [{fromEndpoints: [{matchLabels: {io.cilium.k8s.policy.serviceaccount: a}}]}]",
       "spec.ingress[0].fromEndpoints[0]", false},
      {"ingress: [{fromEndpoints: [{matchLabels: {\"reserved:host\": \"\"}}]}]",
       "spec.ingress[0].fromEndpoints[0]", false},
      {"ingress: [{fromEndpoints: [{}], authentication: {mode: required}}]",
       "spec.ingress[0].authentication.mode", false},
      {"egress: [{toServices: [{k8sService: {serviceName: a, namespace: b}}]}]", "spec.egress[0].toServices",
       false},
      {"egress: [{toFQDNs: [{matchPattern: \"*.example.com\"}]}]", "spec.egress[0].toFQDNs[0].matchPattern",
       false},
      {"egress: [{toGroups: [{aws: {region: a}}]}]", "spec.egress[0].toGroups", false},
      {"egress: [{toCIDRSet: [{cidrGroupRef: a}]}]", "spec.egress[0].toCIDRSet[0]", false},
      {"egress: [{toPorts: [{ports: [{port: \"0\", protocol: ANY}]}]}]", "spec.egress[0].toPorts[0].ports[0]",
       false},
      {"egressDeny: [{toEntities: [host]}]", "spec.egressDeny[0]", false},
      {"ingressDeny: [{fromCIDR: [203.0.113.0/24]}]", "spec.ingressDeny[0]", true},
      {"ingress: [{fromRequires: [{matchLabels: {a: b}}]}]", "spec.ingress[0].fromRequires", true},
      {"nodeSelector: {}", "spec.nodeSelector", true}};
  for (const LossRow& row : rows) {
    const std::string spec = row.spec;
    const Conversion made = from_cilium(
        "{" + (spec.starts_with("node") ? "" : std::string("endpointSelector: {}, ")) + spec + "}");
    ASSERT_EQ(made.losses.size(), 1u) << row.spec << (made.problems.empty() ? "" : made.problems[0]);
    EXPECT_EQ(made.losses[0].object, "CiliumNetworkPolicy shop/web");
    EXPECT_EQ(made.losses[0].field, row.field);
    EXPECT_EQ(made.losses[0].opens, row.opens) << row.spec;
    EXPECT_FALSE(made.holds(false));
    EXPECT_EQ(made.holds(true), !row.opens);
  }
}

TEST(CiliumPolicies, WithoutTheClustersAddressesSourcesOutsideCannotBeTold) {
  const Conversion made =
      from_cilium("{endpointSelector: {}, ingress: [{fromEntities: [world]}]}", false, false);
  ASSERT_EQ(made.losses.size(), 1u);
  EXPECT_NE(made.losses[0].what.find("give --cluster"), std::string::npos);
  EXPECT_TRUE(convert(policy_of("{endpointSelector: {}, ingress: [{fromEntities: [world]}]}"), "f",
                      Dialect::kCilium, {*net::Cidr::parse("10.0.0.0/8")})
                  .losses.empty());
  // A Node's podCIDRs say nothing of where Cilium's pods are.
  EXPECT_EQ(convert(kNamespaces + policy_of("{endpointSelector: {}, ingress: [{fromEntities: [world]}]}"),
                    "f", Dialect::kCilium, {})
                .losses.size(),
            1u);
}

TEST(CiliumPolicies, WhatIsWrongIsNamed) {
  const std::pair<const char*, const char*> rows[] = {
      {"{endpointSelector: {}, ingres: []}", "spec: unknown field \"ingres\""},
      {"{ingress: [{}]}", "spec.endpointSelector: is missing"},
      {"{endpointSelector: {}, ingress: [{fromEntities: [moon]}]}",
       "spec.ingress[0].fromEntities[0]: \"moon\" is no entity"},
      {"{endpointSelector: {}, egress: [{toPorts: [{ports: [{port: \"99999\"}]}]}]}",
       "spec.egress[0].toPorts[0].ports[0].port: \"99999\" is not between"},
      {"{endpointSelector: {}, egress: [{toPorts: [{ports: [{port: \"0080\"}]}]}]}",
       "spec.egress[0].toPorts[0].ports[0].port: \"0080\" begins with 0"},
      {"{endpointSelector: {}, egress: [{toPorts: [{ports: [{port: \"00\"}]}]}]}",
       "spec.egress[0].toPorts[0].ports[0].port: \"00\" begins with 0"},
      {"{endpointSelector: {}, egress: [{toPorts: [{ports: [{port: \"0\", endPort: 70000}]}]}]}",
       "spec.egress[0].toPorts[0].ports[0].endPort: is not between"},
      {"{endpointSelector: {}, egress: [{toCIDR: [10.0.0.0/8], toEndpoints: [{}]}]}",
       "spec.egress[0]: names peers in more than one way"},
      {"{endpointSelector: {matchLabels: {io.kubernetes.pod.namespace: lab}}}", "names a namespace"}};
  for (const auto& [spec, text] : rows) {
    const Conversion made = from_cilium(spec);
    ASSERT_EQ(made.problems.size(), 1u) << spec;
    EXPECT_NE(made.problems[0].find(text), std::string::npos) << made.problems[0];
  }
}

}  // namespace
}  // namespace sluice::convert
