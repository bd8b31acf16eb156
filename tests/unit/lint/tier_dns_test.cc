// Whether ClusterNetworkPolicies leave pods their DNS.
#include "tests/unit/lint/found.h"

namespace sluice::lint {
namespace {

const std::string kWeb = ns("shop") + pod("shop", "web", "app: web");
const std::string kDns =
    ns("kube-system") + pod("kube-system", "coredns-0", "k8s-app: kube-dns", "", "", "10.0.0.53") +
    "{apiVersion: v1, kind: Service, metadata: {namespace: kube-system, name: kube-dns}, spec: "
    "{clusterIP: 10.96.0.10, selector: {k8s-app: kube-dns}, ports: [{name: dns, protocol: UDP, "
    "port: 53}, {name: dns-tcp, protocol: TCP, port: 53}]}}\n---\n";

std::string of(const std::string& rules, const std::string& tier = "Admin", const std::string& name = "c") {
  return cluster_policy(name, tier + ", priority: 1, subject: {namespaces: {}}, egress: [" + rules + "]");
}

const std::string kDenyAll = "{action: Deny, to: [{networks: [0.0.0.0/0]}]}";
const std::string kAcceptDns =
    "{action: Accept, to: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: "
    "kube-dns}}}}], protocols: [{udp: {destinationPort: {number: 53}}}, {tcp: "
    "{destinationPort: {number: 53}}}]}";
const std::string kAcceptNames = "{action: Accept, to: [{domainNames: [www.example.com]}]}";
const std::string kIsolated =
    policy("a", "podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]");

TEST(TierDns, ShutOut) {
  const std::string said = "ClusterNetworkPolicy c spec.egress[0]: it denies shop/web the cluster's DNS";
  check_rows(Rule::kShutsOutDns,
             {{"everything is denied", kWeb + kDns + of(kDenyAll), said},
              {"where the files have no DNS", kWeb + of(kDenyAll), said},
              {"DNS is accepted before", kWeb + kDns + of(kAcceptDns + ", " + kDenyAll), ""},
              {"by its Service's address",
               kWeb + kDns + of("{action: Accept, to: [{networks: [10.96.0.10/32]}]}, " + kDenyAll), ""},
              {"too late", kWeb + kDns + of(kDenyAll + ", " + kAcceptDns), said},
              {"UDP alone",
               kWeb + kDns +
                   of("{action: Accept, to: [{namespaces: {}}], protocols: [{udp: {destinationPort: {number: "
                      "53}}}]}, " +
                      kDenyAll),
               "ClusterNetworkPolicy c spec.egress[1]: it denies shop/web the cluster's DNS"},
              {"names alone before it", kWeb + kDns + of(kAcceptNames + ", " + kDenyAll),
               "ClusterNetworkPolicy c spec.egress[1]: it denies shop/web the cluster's DNS"},
              {"names, and DNS ahead of it",
               kWeb + kDns + of(kAcceptDns + ", " + kAcceptNames + ", " + kDenyAll), ""},
              {"other networks", kWeb + kDns + of("{action: Deny, to: [{networks: [192.168.0.0/16]}]}"), ""},
              {"port 53 of outside, they meant",
               kWeb + kDns +
                   of("{action: Deny, to: [{networks: [0.0.0.0/0]}], protocols: [{udp: {destinationPort: "
                      "{number: 53}}}]}"),
               said},
              {"the Baseline", kWeb + kDns + of(kDenyAll, "Baseline"), said},
              {"the Baseline behind a NetworkPolicy", kWeb + kDns + kIsolated + of(kDenyAll, "Baseline"), ""},
              {"the Baseline behind tier Admin",
               kWeb + kDns + of(kDenyAll, "Baseline") + of(kAcceptDns, "Admin", "d"), ""}});
}

const std::string kApiServer =
    "{apiVersion: v1, kind: Service, metadata: {namespace: default, name: kubernetes}, spec: {clusterIP: "
    "10.96.0.1, ports: [{name: https, port: 443, targetPort: 6443}]}}\n---\n"
    "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {namespace: default, name: kubernetes, "
    "labels: {kubernetes.io/service-name: kubernetes}}, addressType: IPv4, endpoints: [{addresses: "
    "[192.168.1.5], conditions: {ready: true}}], ports: [{name: https, port: 6443}]}\n---\n";

TEST(TierDns, TheApiServerIsSaidToo) {
  const std::string said =
      "it denies kube-system/coredns-0 and shop/web the API server, Service default/kubernetes";
  const std::string first = "ClusterNetworkPolicy c spec.egress[1]: " + said;
  const std::string web = kWeb + kDns + kApiServer;
  check_rows(
      Rule::kShutsOutDns,
      {{"everything but DNS", web + of(kAcceptDns + ", " + kDenyAll), first},
       {"its Service is not in the files", kWeb + kDns + of(kAcceptDns + ", " + kDenyAll), ""},
       {"the Baseline: a NetworkPolicy opens it", web + of(kAcceptDns + ", " + kDenyAll, "Baseline"), ""},
       {"accepted before",
        web + of(kAcceptDns +
                 ", {action: Accept, to: [{networks: [10.96.0.1/32, 192.168.1.5/32]}], protocols: "
                 "[{tcp: {destinationPort: {number: 443}}}, {tcp: {destinationPort: {number: "
                 "6443}}}]}, " +
                 kDenyAll),
        ""},
       {"its endpoints alone",
        web + of("{action: Deny, to: [{networks: [192.168.1.0/24]}], protocols: [{tcp: {destinationPort: "
                 "{number: "
                 "6443}}}]}"),
        "ClusterNetworkPolicy c spec.egress[0]: " + said},
       {"another port",
        web + of("{action: Deny, to: [{networks: [192.168.1.0/24]}], protocols: [{tcp: {destinationPort: "
                 "{number: "
                 "22}}}]}"),
        ""}});
}

TEST(TierDns, WhatTierAdminAcceptsNoNetworkPolicyNeedAllow) {
  check_rows(
      Rule::kEgressWithoutDns,
      {{"without", kWeb + kDns + kIsolated,
        "spec.egress: shop/web may go elsewhere, but no rule of any policy allows the cluster's DNS"},
       {"with", kWeb + kDns + kIsolated + of(kAcceptDns), ""},
       {"the Baseline's says nothing for them", kWeb + kDns + kIsolated + of(kAcceptDns, "Baseline"),
        "spec.egress: shop/web may go elsewhere, but no rule of any policy allows the cluster's DNS"}});
}

TEST(TierDns, NamesWithoutDns) {
  const std::string
      closed = policy("a", "podSelector: {}, policyTypes: [Egress]"),
      said =
          "ClusterNetworkPolicy c spec.egress[0]: it allows shop/web addresses by their names, but no "
          "rule of any policy allows the cluster's DNS, which says them";
  check_rows(
      Rule::kEgressWithoutDns,
      {{"nothing else is allowed", kWeb + kDns + closed + of(kAcceptNames), said},
       {"DNS is", kWeb + kDns + closed + of(kAcceptNames + ", " + kAcceptDns), ""},
       {"closed on purpose", kWeb + kDns + closed, ""},
       {"nobody isolates", kWeb + kDns + of(kAcceptNames), ""},
       {"said of the NetworkPolicy already", kWeb + kDns + kIsolated + of(kAcceptNames),
        "spec.egress: shop/web may go elsewhere, but no rule of any policy allows the cluster's DNS"}});
}

}  // namespace
}  // namespace sluice::lint
