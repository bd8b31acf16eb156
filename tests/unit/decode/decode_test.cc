// Objects and lists: which are taken, skipped, refused; and the fields of Namespaces, Services and slices.
#include "tests/unit/decode/decoded.h"

namespace sluice::source::decode {
namespace {

TEST(Decode, ObjectsAndLists) {
  const Row rows[] = {
      {"a namespaced object without namespace", "{apiVersion: v1, kind: Pod, metadata: {name: a}}",
       "Pod default/a"},
      {"an empty namespace", "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: ''}}",
       "Pod default/a"},
      {"cluster-scoped", "{apiVersion: v1, kind: Node, metadata: {name: n1.example.com, namespace: x}}",
       "Node n1.example.com"},
      {"List",
       "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: a}}, {apiVersion: "
       "v1, "
       "kind: Secret}]}",
       "Pod default/a | skipped Secret=1"},
      {"typed list, items without kind",
       "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicyList, items: [{metadata: {name: a}}, "
       "{metadata: {name: "
       "b, namespace: x}}]}",
       "NetworkPolicy default/a; NetworkPolicy x/b"},
      {"list in list",
       "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: PodList, items: [{metadata: {name: "
       "a}}]}]}",
       "Pod default/a"},
      {"empty lists",
       "{apiVersion: v1, kind: List, items: []}\n---\n{apiVersion: v1, kind: PodList, items: null}", ""},
      {"other kinds",
       "{apiVersion: apps/v1, kind: Deployment}\n---\n{apiVersion: apps/v1, kind: DeploymentList}",
       " | skipped Deployment=1 | skipped DeploymentList=1"},
      {"another group's kind of that name",
       "{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: a}}",
       " | skipped Service.serving.knative.dev=1 | warning f: document 1: Service a (serving.knative.dev/v1) "
       "is passed over: it is no v1 Service"},
      {"an unknown version", "{apiVersion: extensions/v1beta1, kind: NetworkPolicy, metadata: {name: a}}",
       " | f: document 1: NetworkPolicy default/a: apiVersion: \"extensions/v1beta1\" is not known for "
       "NetworkPolicy: did you mean networking.k8s.io/v1 NetworkPolicy?"},
      {"an unknown version of a list",
       "{apiVersion: discovery.k8s.io/v1beta1, kind: EndpointSliceList, items: "
       "[{metadata: {name: a}}]}",
       " | f: document 1: EndpointSlice default/a: apiVersion: \"discovery.k8s.io/v1beta1\" is not known for "
       "EndpointSlice: did you mean discovery.k8s.io/v1 EndpointSlice?"},
      {"another group's NetworkPolicy is another kind",
       "{apiVersion: crd.projectcalico.org/v1, kind: NetworkPolicy, metadata: {name: a}}",
       " | skipped NetworkPolicy.crd.projectcalico.org=1 | warning f: document 1: NetworkPolicy a "
       "(crd.projectcalico.org/v1) is passed over: only networking.k8s.io/v1 NetworkPolicy and "
       "policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy are enforced"},
      {"a list of another engine's policies",
       "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicyList, items: [{metadata: {name: a}}]}",
       " | skipped CiliumNetworkPolicyList.cilium.io=1 | warning f: document 1: CiliumNetworkPolicyList "
       "(cilium.io/v2) is passed over: only networking.k8s.io/v1 NetworkPolicy and "
       "policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy are enforced"},
      {"List of a group, with an item that is theirs",
       "{apiVersion: networking.k8s.io/v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: "
       "a}}, {apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: b, namespace: c}}]}",
       "Pod default/a | skipped CiliumNetworkPolicy.cilium.io=1 | warning f: document 1: items[1]: "
       "CiliumNetworkPolicy c/b (cilium.io/v2) is passed over: only networking.k8s.io/v1 NetworkPolicy and "
       "policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy are enforced"},
      {"a kind that nearly is one", "{apiVersion: v1, kind: pods, metadata: {name: a}}",
       " | f: document 1: Pod default/a: kind: \"pods\" is not known in \"v1\": did you mean v1 Pod?"},
      {"so without a name", "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: pods}]}",
       " | f: document 1: items[0].kind: \"pods\" is not known in \"v1\": did you mean v1 Pod?"},
      {"a list of a kind that nearly is one",
       "{apiVersion: networking.k8s.io/v1, kind: NetworkpolicyList, items: [{metadata: {name: a}}]}",
       " | f: document 1: kind: \"NetworkpolicyList\" is not known in \"networking.k8s.io/v1\": did you mean "
       "networking.k8s.io/v1 NetworkPolicyList?"},
      {"each stands alone",
       "{apiVersion: v1, kind: Pod, metadata: {name: A}}\n---\n{apiVersion: v1, kind: Pod, metadata: "
       "{name: b}}",
       "Pod default/b | f: document 1: metadata.name: \"A\" is not a DNS name: use a-z, 0-9, and - or . "
       "inside, at most "
       "253 characters"},
      {"an item of a list",
       "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: a}}, "
       "{apiVersion: v1, kind: Pod}]}",
       "Pod default/a | f: document 1: items[1].metadata.name: is missing"},
      {"no kind", "{apiVersion: v1}", " | f: document 1: kind: is missing: this is no Kubernetes object"},
      {"no apiVersion", "{kind: Pod}", " | f: document 1: apiVersion: is missing"},
      {"no object", "[1]", " | f: document 1: is a list, not a Kubernetes object"},
      {"slices of host names",
       "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, addressType: "
       "FQDN, endpoints: [{addresses: [x.example]}]}",
       " | skipped EndpointSlice of FQDN=1"},
      {"unknown fields of a pod",
       "{apiVersion: v1, kind: Pod, metadata: {name: a, x: 1}, spec: {y: [1]}, z: 3}", "Pod default/a"},
      {"a broken document", "{apiVersion: v1, kind: Pod, metadata: {name: a}}\n---\na: [\n",
       "Pod default/a | f: document 2: line "},
  };
  for (const Row& row : rows) {
    std::string got = read(row.text), expected = row.expected;
    if (expected.ends_with("line ")) got.resize(std::min(got.size(), expected.size()));
    EXPECT_EQ(got, expected) << row.what;
  }
}

TEST(Decode, CompleteSaysWhetherAllIdsAreKnown) {
  const std::pair<const char*, bool> rows[] = {
      {"{apiVersion: v1, kind: Pod, metadata: {name: a}}", true},
      {"{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: []}", true},
      {"{apiVersion: v1, kind: Secret}", true},
      {"", true},
      {"{apiVersion: v1, kind: Pod}", false},
      {"a: [", false},
      {"just text", false},
  };
  for (const auto& [text, complete] : rows) EXPECT_EQ(decode(text, "f").complete, complete) << text;
}

TEST(Decode, NamespaceCarriesItsName) {
  auto ns = read_one<model::Namespace>(
      "{apiVersion: v1, kind: Namespace, metadata: {name: prod, labels: {team: a}}}");
  EXPECT_EQ(ns.labels, (model::Labels{{"kubernetes.io/metadata.name", "prod"}, {"team", "a"}}));
}

std::string print(const model::Service& service) {
  std::string text;
  for (const auto& ip : service.addresses) text += ip.to_text() + " ";
  for (auto family : service.families) text += std::string(net::to_text(family)) + " ";
  if (service.headless) text += "headless ";
  if (service.publish_not_ready) text += "all ";
  for (const auto& ip : service.local_addresses) text += "local:" + ip.to_text() + " ";
  for (const auto& port : service.ports) {
    text += port.name + "/" + port.protocol.to_text() + "/" + std::to_string(port.port.host()) + ">";
    const auto* number = std::get_if<net::Port>(&port.target);
    text += number ? std::to_string(number->host()) : std::get<std::string>(port.target);
    if (port.node_port) text += "@" + std::to_string(port.node_port->host());
    text += " ";
  }
  if (service.selector) text += "selects " + std::to_string(service.selector->size());
  return text;
}

TEST(Decode, Service) {
  const Row rows[] = {
      {"cluster IP", "spec: {clusterIP: 10.96.0.1, ports: [{port: 443}], selector: {a: b}}",
       "10.96.0.1 IPv4 /TCP/443>443 selects 1"},
      {"dual stack", "spec: {clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1, 'fd00::1']}",
       "10.96.0.1 fd00::1 IPv4 IPv6 "},
      {"every kind of address",
       "spec: {type: LoadBalancer, clusterIP: 10.96.0.1, externalIPs: [1.1.1.1, 1.1.1.1]}, status: "
       "{loadBalancer: "
       "{ingress: [{ip: 2.2.2.2}, {hostname: x}, {ip: 3.3.3.3, ipMode: Proxy}, {ip: 4.4.4.4, ipMode: VIP}]}}",
       "1.1.1.1 2.2.2.2 4.4.4.4 10.96.0.1 IPv4 "},
      {"headless", "spec: {clusterIP: None, ipFamilies: [IPv4], selector: {}}", "IPv4 headless "},
      {"external name", "spec: {type: ExternalName, externalName: x, clusterIP: ''}", "headless "},
      {"target ports",
       "spec: {ports: [{name: a, port: 80, targetPort: 8080}, {name: b, port: 81, targetPort: web}, {name: "
       "c, port: 82, "
       "targetPort: 0}, {name: d, port: 83, targetPort: ''}, {name: e, port: 80, protocol: UDP}]}",
       "a/TCP/80>8080 b/TCP/81>web c/TCP/82>82 d/TCP/83>83 e/UDP/80>80 "},
      {"node port", "spec: {type: NodePort, ports: [{port: 80, nodePort: 30080}]}", "/TCP/80>80@30080 "},
      {"no node port yet", "spec: {ports: [{port: 80, nodePort: 0}]}", "/TCP/80>80 "},
      {"not ready ones too", "spec: {publishNotReadyAddresses: true}", "all "},
      {"internalTrafficPolicy: Local is about the cluster IPs",
       "spec: {internalTrafficPolicy: Local, clusterIP: 10.96.0.1, clusterIPs: ['fd00::1', 10.96.0.1], "
       "externalIPs: [1.1.1.1]}",
       "1.1.1.1 10.96.0.1 fd00::1 IPv4 IPv6 local:10.96.0.1 local:fd00::1 "},
      {"internalTrafficPolicy: Cluster", "spec: {internalTrafficPolicy: Cluster, clusterIP: 10.96.0.1}",
       "10.96.0.1 IPv4 "},
      {"internalTrafficPolicy of a headless one", "spec: {internalTrafficPolicy: Local, clusterIP: None}",
       "headless "},
      {"externalTrafficPolicy: Local changes nothing for pods",
       "spec: {type: LoadBalancer, externalTrafficPolicy: Local, clusterIP: 10.96.0.1}", "10.96.0.1 IPv4 "},
  };
  for (const Row& row : rows)
    EXPECT_EQ(print(read_one<model::Service>("{apiVersion: v1, kind: Service, metadata: {name: s}, " +
                                             std::string(row.text) + "}")),
              row.expected)
        << row.what;
}

TEST(Decode, EndpointSlice) {
  auto slice = read_one<model::EndpointSlice>(R"(
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: s-1, labels: {kubernetes.io/service-name: s}}
addressType: IPv6
ports: [{name: web, port: 80}, {protocol: UDP}]
endpoints:
- addresses: ["fd00::1"]
- {addresses: ["fd00::2"], conditions: {ready: false, serving: true, terminating: true}, nodeName: n1}
- {addresses: ["fd00::3"], conditions: {ready: false}}
- {addresses: ["fd00::4"], conditions: {ready: null}}
)");
  EXPECT_EQ(slice.service, "s");
  EXPECT_EQ(slice.family, net::Family::kIpv6);
  ASSERT_EQ(slice.ports.size(), 2u);
  EXPECT_EQ(slice.ports[0].name, "web");
  EXPECT_FALSE(slice.ports[1].port.has_value());
  std::string flags;
  for (const auto& e : slice.endpoints)
    flags += std::string(e.ready ? "r" : "-") + (e.serving ? "s" : "-") + (e.terminating ? "t " : "- ");
  EXPECT_EQ(flags, "rs- -st --- rs- ");
  EXPECT_EQ(slice.endpoints[0].node_name, "");
  EXPECT_EQ(slice.endpoints[1].node_name, "n1");
}

TEST(Decode, WhatIsRefusedSaysWhere) {
  const Row rows[] = {
      {"Pod", "metadata: {name: a, labels: {app: 1}}",
       "metadata.labels[\"app\"]: 1 is a number where text is due: write \"1\""},
      {"Pod", "metadata: {name: a, creationTimestamp: yesterday}",
       "metadata.creationTimestamp: \"yesterday\" is not a time: write it as RFC 3339 does, e.g. "
       "2024-05-01T12:00:00Z"},
      {"Pod", "status: {podIP: 10.0.0}", "status.podIP: \"10.0.0\" is not an IP address"},
      {"Pod", "status: {podIPs: [{ip: 10.0.0.1}, {ip: 10.0.0.2}]}",
       "status.podIPs[1].ip: 10.0.0.2 is a second IPv4 address: a pod has at most one a family"},
      {"Pod", "status: {podIPs: [{}]}", "status.podIPs[0].ip: is missing"},
      {"Pod", "status: {phase: running}",
       "status.phase: \"running\" is not a phase: use Pending, Running, Succeeded, Failed or Unknown"},
      {"Pod", "metadata: {name: a, labels: {app: no}}",
       "metadata.labels[\"app\"]: no is a boolean where text is due: write \"no\""},
      {"Pod", "metadata: {name: a, labels: {app: 8_080}}",
       "metadata.labels[\"app\"]: 8_080 is a number where text is due: write \"8_080\""},
      {"Pod", "metadata: {name: a, labels: {app: '{{ .Values.app }}'}}",
       "metadata.labels[\"app\"]: \"{{ .Values.app }}\" is a template that was not rendered: render it first "
       "(helm "
       "template, kustomize build, envsubst)"},
      {"Pod", "status: {podIP: '${IP}'}",
       "status.podIP: \"${IP}\" is a template that was not rendered: render it first (helm template, "
       "kustomize build, "
       "envsubst)"},
      {"Pod", "spec: {hostNetwork: 'true'}",
       "spec.hostNetwork: \"true\" is not a boolean: write true or false, without quotes"},
      {"Pod", "spec: {containers: [{ports: [{name: http}]}]}",
       "spec.containers[0].ports[0].containerPort: is missing: write a number between 1 and 65535"},
      {"Pod", "spec: {containers: {ports: 1}}", "spec.containers: is a map where a list is due"},
      {"Service", "spec: {type: None}",
       "spec.type: \"None\" is not a service type: use ClusterIP, NodePort, LoadBalancer or ExternalName"},
      {"Service", "spec: {ports: [{port: 80}, {port: 81}]}",
       "spec.ports[1]: has no name: the ports of a service with several need one each"},
      {"Service", "spec: {ports: [{port: 80, name: a}, {port: 80, name: b}]}",
       "spec.ports[1]: TCP port 80 stands twice"},
      {"Service", "spec: {ports: [{port: 80, targetPort: '8080'}]}",
       "spec.ports[0].targetPort: \"8080\" is a string, so it names a port, and a name needs a letter: write "
       "the number "
       "without quotes"},
      {"Service", "spec: {ipFamilies: [v4]}",
       "spec.ipFamilies[0]: \"v4\" is not an IP family: use IPv4 or IPv6"},
      {"Service", "spec: {clusterIP: none}", "spec.clusterIP: \"none\" is not an IP address"},
      {"Service", "spec: {internalTrafficPolicy: local}",
       "spec.internalTrafficPolicy: \"local\" is not a traffic policy: use Cluster or Local"},
      {"Pod", "spec: {containers: [{ports: [{containerPort: 80, hostPort: 65536}]}]}",
       "spec.containers[0].ports[0].hostPort: port 65536 is not between 1 and 65535"},
      {"Pod", "metadata: {name: a, deletionTimestamp: now}",
       "metadata.deletionTimestamp: \"now\" is not a time: write it as RFC 3339 does, e.g. "
       "2024-05-01T12:00:00Z"},
  };
  for (const Row& row : rows) {
    std::string metadata = std::string(row.text).starts_with("metadata") ? "" : "metadata: {name: a}, ";
    std::string got =
        read("{apiVersion: v1, kind: " + std::string(row.what) + ", " + metadata + row.text + "}");
    EXPECT_EQ(got, " | f: document 1: " + std::string(row.what) + " default/a: " + row.expected) << row.text;
  }
  EXPECT_EQ(
      read("{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, addressType: IPv4, "
           "endpoints: [{addresses: ['fd00::1']}]}"),
      " | f: document 1: EndpointSlice default/a: endpoints[0].addresses[0]: fd00::1 is not IPv4 as the "
      "slice's "
      "addressType says");
}

TEST(Decode, BooleansThatTextMayBe) {
  EXPECT_EQ(
      read("{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {y: x}}, spec: {nodeName: n}}"),
      "Pod default/a | warning f: document 1: Pod default/a: metadata.labels[\"true\"]: the key is a boolean "
      "as it "
      "is written, which kubectl makes a text of: write it in quotes | warning f: document 1: Pod default/a: "
      "spec.nodeName: n is a boolean to kubectl, and read as text: write it in quotes");
}

TEST(Decode, MessagesStayOnOneLine) {
  EXPECT_EQ(read("{apiVersion: v1, kind: Pod, metadata: {name: \"a\\nb\"}}").find('\n'), std::string::npos);
  EXPECT_EQ(read("{apiVersion: v1, kind: Pod, metadata: {name: a}, status: {podIP: \"1\\n2\"}}").find('\n'),
            std::string::npos);
}

}  // namespace
}  // namespace sluice::source::decode
