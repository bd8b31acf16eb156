#include "tests/unit/lint/found.h"

namespace sluice::lint {
namespace {

const std::string kWeb = pod("shop", "web", "app: web");
const std::string kServer =
    pod("kube-system", "coredns-1", "k8s-app: kube-dns",
        "{name: dns, containerPort: 53, protocol: UDP}, {name: dns-tcp, containerPort: 53}", "", "10.0.9.1");
const std::string kService =
    "{apiVersion: v1, kind: Service, metadata: {namespace: kube-system, name: kube-dns}, spec: {clusterIP: "
    "10.96.0.10, "
    "selector: {k8s-app: kube-dns}, ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: "
    "53}]}}\n---\n";
const std::string kToServer =
    "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: "
    "{matchLabels: "
    "{k8s-app: kube-dns}}}";
const std::string kBoth = "{port: 53, protocol: UDP}, {port: 53}";
const char kNone[] =
    "spec.egress: shop/web may go elsewhere, but no rule of any policy allows the cluster's DNS";

std::string out(const std::string& peers, const std::string& ports, const std::string& name = "a") {
  return policy(name, "podSelector: {}, policyTypes: [Egress], egress: [{to: [" + peers + "], ports: [" +
                          ports + "]}]");
}
const std::string kElsewhere = out("{ipBlock: {cidr: 203.0.113.0/24}}", "{port: 443}");

TEST(Dns, EgressWithoutIt) {
  check_rows(
      Rule::kEgressWithoutDns,
      {{"closed on purpose", kWeb + policy("a", "podSelector: {}, policyTypes: [Egress]"), ""},
       {"let out elsewhere", kWeb + kServer + kService + kElsewhere, kNone},
       {"let out elsewhere, the files hold no DNS", kWeb + kElsewhere, kNone},
       {"allowed", kWeb + kServer + kService + out(kToServer, kBoth), ""},
       {"allowed, the files hold no DNS", kWeb + out(kToServer, kBoth), ""},
       {"by another policy", kWeb + kElsewhere + out(kToServer, kBoth, "dns"), ""},
       {"which does not isolate egress",
        kWeb + kElsewhere + policy("dns", "podSelector: {}, policyTypes: [Ingress], egress: [{}]"), kNone},
       {"UDP alone", kWeb + out(kToServer, "{port: 53, protocol: UDP}"),
        "spec.egress: shop/web may ask DNS over UDP 53, but not over TCP 53, which long answers need"},
       {"TCP alone", kWeb + out(kToServer, "{port: 53}"),
        "spec.egress: shop/web may ask DNS over TCP 53, but not over UDP 53"},
       {"by name", kWeb + out(kToServer, "{port: dns, protocol: UDP}, {port: dns-tcp}"), ""},
       {"by the Service's address",
        kWeb + kServer + kService + out("{ipBlock: {cidr: 10.96.0.10/32}}", kBoth), ""},
       {"another namespace's",
        kWeb + pod("shop", "dns", "k8s-app: kube-dns", "", "", "10.0.0.9") + kServer +
            out("{podSelector: {matchLabels: {k8s-app: kube-dns}}}", kBoth),
        "spec.egress: shop/dns and shop/web may go elsewhere, but no rule of any policy allows the cluster's "
        "DNS"},
       {"the node's cache", kWeb + kServer + kService + out("{ipBlock: {cidr: 169.254.20.10/32}}", kBoth),
        ""},
       {"one protocol at each",
        kWeb + out("{ipBlock: {cidr: 169.254.20.10/32}}", "{port: 53}") +
            out(kToServer, "{port: 53, protocol: UDP}", "dns"),
        "spec.egress: shop/web may ask DNS over UDP 53, but not over TCP 53, which long answers need\n"
        "NetworkPolicy shop/dns spec.egress: shop/web may ask DNS over UDP 53, but not over TCP 53, which "
        "long answers "
        "need"},
       {"everything", kWeb + out("", ""), ""},
       {"everything over IPv4", kWeb + out("{ipBlock: {cidr: 0.0.0.0/0}}", ""), ""},
       {"not isolated for egress",
        kWeb + policy("a", "podSelector: {}, policyTypes: [Ingress], egress: [{ports: [{port: 1}]}]"), ""},
       {"nobody is selected", kElsewhere, ""},
       {"the Service's other port",
        kWeb +
            pod("openshift-dns", "dns-1", "dns: default",
                "{name: dns, containerPort: 5353, protocol: UDP}, {name: "
                "dns-tcp, containerPort: 5353}",
                "", "10.0.9.2") +
            "{apiVersion: v1, kind: Service, metadata: {namespace: openshift-dns, name: dns-default}, spec: "
            "{clusterIP: "
            "10.96.0.10, selector: {dns: default}, ports: [{name: dns, port: 53, protocol: UDP, targetPort: "
            "dns}, "
            "{name: tcp, port: 53, "
            "targetPort: dns-tcp}]}}\n---\n" +
            out("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: openshift-dns}}}",
                "{port: 5353, protocol: UDP}, {port: 5353}"),
        ""}});
}

TEST(Dns, TheNodesCacheIsForgotten) {
  const std::string cache =
      "{apiVersion: apps/v1, kind: DaemonSet, metadata: {namespace: kube-system, name: node-local-dns}, "
      "spec: {template: "
      "{metadata: {labels: {k8s-app: node-local-dns}}, spec: {hostNetwork: true}}}}\n---\n";
  const char said[] =
      "spec.egress[0]: it allows the cluster's DNS, but the DaemonSet node-local-dns is here, and pods ask "
      "169.254.20.10, "
      "which no rule allows";
  check_rows(
      Rule::kNodeLocalDns,
      {{"there is none", kWeb + out(kToServer, kBoth), ""},
       {"forgotten", kWeb + cache + out(kToServer, kBoth), said},
       {"allowed by the same rule",
        kWeb + cache + out(kToServer + ", {ipBlock: {cidr: 169.254.20.10/32}}", kBoth), ""},
       {"allowed by another policy",
        kWeb + cache + out(kToServer, kBoth) + out("{ipBlock: {cidr: 169.254.20.10/32}}", kBoth, "dns"), ""},
       {"no DNS at all", kWeb + cache + kElsewhere, ""},
       {"everything", kWeb + cache + out("", ""), ""}});
}

}  // namespace
}  // namespace sluice::lint
