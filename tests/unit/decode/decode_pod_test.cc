// The fields of Pods and Nodes.
#include "tests/unit/decode/decoded.h"

namespace sluice::source::decode {
namespace {

TEST(Decode, Pod) {
  auto pod = read_one<model::Pod>(R"(
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: prod, uid: u1, labels: {app: web, tier: ""}, creationTimestamp: "1970-01-01T00:01:00Z"}
spec:
  nodeName: n1
  containers:
  - ports: [{name: http, containerPort: 8080}, {containerPort: 53, protocol: UDP}]
  - {}
  initContainers:
  - ports: [{name: once, containerPort: 1}]
  - restartPolicy: Always
    ports: [{name: mesh, containerPort: 15001, hostPort: 1}]
status:
  phase: Running
  podIP: 10.0.0.1
  podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]
  conditions: [{type: Initialized, status: "False"}, {type: Ready, status: "False"}]
)");
  EXPECT_EQ(pod.name.to_text(), "prod/web-0");
  EXPECT_EQ(pod.uid, "u1");
  EXPECT_EQ(pod.node_name, "n1");
  EXPECT_EQ(pod.labels, (model::Labels{{"app", "web"}, {"tier", ""}}));
  EXPECT_EQ(pod.created, 60);
  EXPECT_FALSE(pod.ready);
  EXPECT_FALSE(pod.host_network);
  ASSERT_EQ(pod.ips.size(), 2u);
  EXPECT_EQ(pod.ips[1].to_text(), "fd00::1");
  std::string ports;
  for (const auto& port : pod.ports)
    ports += port.name + ":" + port.protocol.to_text() + ":" + std::to_string(port.port.host()) + " ";
  EXPECT_EQ(ports, "http:TCP:8080 :UDP:53 mesh:TCP:15001 ");
}

TEST(Decode, PodDefaults) {
  auto status_of = [](const std::string& status) {
    return read_one<model::Pod>(
        "{apiVersion: v1, kind: Pod, metadata: {name: a, creationTimestamp: null}, spec: {hostNetwork: "
        "yes}, status: " +
        status + "}");
  };
  EXPECT_EQ(status_of("{}").phase, model::PodPhase::kPending);
  EXPECT_EQ(status_of("{podIP: 10.0.0.1}").phase, model::PodPhase::kRunning);
  EXPECT_EQ(status_of("{podIP: 10.0.0.1, phase: Pending}").phase, model::PodPhase::kPending);
  EXPECT_EQ(status_of("{podIP: 10.0.0.1, podIPs: []}").ips.size(), 1u);
  EXPECT_TRUE(status_of("{podIP: ''}").ips.empty());
  EXPECT_TRUE(status_of("{conditions: [{type: Initialized, status: 'False'}]}").ready);
  EXPECT_TRUE(status_of("{conditions: [{type: Ready, status: 'True'}]}").ready);
  EXPECT_FALSE(status_of("{conditions: [{type: Ready, status: Unknown}]}").ready);
  EXPECT_FALSE(status_of("{conditions: [{type: Ready}]}").ready);
  EXPECT_TRUE(status_of("{}").host_network);
}

TEST(Decode, PodIsTerminatingFromItsDeletionTimestampOn) {
  auto pod_of = [](const std::string& metadata) {
    return read_one<model::Pod>("{apiVersion: v1, kind: Pod, metadata: {name: a, " + metadata + "}}");
  };
  EXPECT_TRUE(pod_of("deletionTimestamp: '1970-01-01T00:00:00Z'").terminating);
  EXPECT_FALSE(pod_of("deletionTimestamp: null").terminating);
  EXPECT_FALSE(pod_of("deletionGracePeriodSeconds: 30").terminating);
}

TEST(Decode, HostPorts) {
  const Row rows[] = {
      {"none", "[{containerPort: 80}]", ""},
      {"0 is none", "[{containerPort: 80, hostPort: 0}]", ""},
      {"at every address", "[{containerPort: 80, hostPort: 8888}]", "TCP 8888>80 "},
      {"an empty hostIP is none", "[{containerPort: 80, hostPort: 8888, hostIP: ''}]", "TCP 8888>80 "},
      {"at one address", "[{containerPort: 80, hostPort: 8888, hostIP: 192.168.1.1}]",
       "TCP 192.168.1.1:8888>80 "},
      {"at those of a family", "[{containerPort: 80, hostPort: 1, hostIP: '::'}]", "TCP :::1>80 "},
      {"by its protocol", "[{containerPort: 53, hostPort: 53, protocol: UDP}]", "UDP 53>53 "},
      {"a hostIP without hostPort", "[{containerPort: 80, hostIP: 192.168.1.1}]", ""},
      {"a senseless hostIP costs that one",
       "[{containerPort: 80, hostPort: 1, hostIP: node}, {containerPort: 81, hostPort: 2}]", "TCP 2>81 "},
  };
  auto hosts_of = [](const std::string& spec) {
    std::string text;
    for (const auto& port :
         read_one<model::Pod>("{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: " + spec + "}")
             .host_ports)
      text += port.protocol.to_text() + " " + (port.ip ? port.ip->to_text() + ":" : "") +
              std::to_string(port.port.host()) + ">" + std::to_string(port.target.host()) + " ";
    return text;
  };
  for (const Row& row : rows)
    EXPECT_EQ(hosts_of("{containers: [{ports: " + std::string(row.text) + "}]}"), row.expected) << row.what;
  const std::string port = "ports: [{containerPort: 80, hostPort: 1}]";
  EXPECT_EQ(hosts_of("{initContainers: [{restartPolicy: Always, " + port + "}]}"), "TCP 1>80 ");
  EXPECT_EQ(hosts_of("{initContainers: [{" + port + "}]}"), "");
  EXPECT_EQ(hosts_of("{hostNetwork: true, containers: [{" + port + "}]}"), "");
}

// Where the API server takes an empty protocol for TCP; in a policy or a slice it refuses one.
TEST(Decode, AnEmptyProtocol) {
  auto pod = read_one<model::Pod>(
      "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{ports: [{containerPort: 80, "
      "protocol: '', hostPort: 1}]}]}}");
  EXPECT_EQ(pod.ports.at(0).protocol, net::kTcp);
  EXPECT_EQ(pod.host_ports.at(0).protocol, net::kTcp);
  auto service = read_one<model::Service>(
      "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80, protocol: \"\"}]}}");
  EXPECT_EQ(service.ports.at(0).protocol, net::kTcp);
  EXPECT_EQ(read("{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, addressType: "
                 "IPv4, ports: [{port: 80, protocol: ''}]}"),
            " | f: document 1: EndpointSlice default/a: ports[0].protocol: \"\" is not a protocol: use TCP, "
            "UDP or SCTP");
  EXPECT_EQ(decode("{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: "
                   "{podSelector: {}, ingress: [{ports: [{protocol: ''}]}]}}",
                   "f")
                .problems.size(),
            1u);
}

TEST(Decode, NodeHasItsIpAddressesOnly) {
  auto node = read_one<model::Node>(
      "{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {addresses: [{type: Hostname, address: "
      "n1}, "
      "{type: "
      "InternalIP, address: 192.168.0.2}, {type: ExternalIP, address: 1.2.3.4}, {type: InternalIP, address: "
      "192.168.0.2}, {type: InternalDNS, address: n.x}]}}");
  ASSERT_EQ(node.addresses.size(), 2u);
  EXPECT_EQ(node.addresses[0].to_text(), "1.2.3.4");
}

// "192.168.0.2 | status.addresses[0].address: …": what is left, and each warning.
TEST(Decode, ASenselessNodeAddressIsLostAlone) {
  const Row rows[] = {
      {"empty", "[{type: ExternalIP, address: ''}, {type: InternalIP, address: 192.168.0.2}]",
       "192.168.0.2 | status.addresses[0].address: is missing; this address is passed over"},
      {"absent", "[{type: InternalIP, address: 192.168.0.2}, {type: ExternalIP}]",
       "192.168.0.2 | status.addresses[1].address: is missing; this address is passed over"},
      {"a name", "[{type: InternalIP, address: node-a}, {type: InternalIP, address: fd00::2}]",
       "fd00::2 | status.addresses[0].address: \"node-a\" is not an IP address; this address is passed over"},
      {"a range", "[{type: InternalIP, address: 192.168.0.2/24}]",
       " | status.addresses[0].address: \"192.168.0.2/24\" is not an IP address; this address is passed "
       "over"},
      {"unspecified", "[{type: InternalIP, address: 0.0.0.0}, {type: InternalIP, address: '::'}]",
       " | status.addresses[0].address: 0.0.0.0 is no node's address: write one of its interfaces; this "
       "address is passed over | status.addresses[1].address: :: is no node's address: write one of its "
       "interfaces; this address is passed over"},
      {"a number", "[{type: InternalIP, address: 3}]",
       " | status.addresses[0].address: 3 is a number where text is due: write \"3\"; this address is passed "
       "over"},
      {"of another type it is not looked at", "[{type: Hostname, address: ''}, {type: InternalDNS}]", ""},
  };
  for (const Row& row : rows) {
    const Decoded decoded = decode("{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {addresses: " +
                                       std::string(row.text) + "}}",
                                   "f");
    ASSERT_EQ(decoded.objects.size(), 1u) << row.what;
    std::string got;
    for (const net::Ip& ip : std::get<model::Node>(decoded.objects[0].object).addresses) got += ip.to_text();
    for (const auto& warning : decoded.warnings) got += " | " + warning.field + ": " + warning.message;
    EXPECT_EQ(got, row.expected) << row.what;
  }
}

TEST(Decode, ASenselessPodRangeIsLostAlone) {
  const Decoded decoded =
      decode("{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {podCIDRs: ['', 10.1.0.0/24]}}", "f");
  ASSERT_EQ(decoded.objects.size(), 1u);
  EXPECT_EQ(std::get<model::Node>(decoded.objects[0].object).pod_cidrs.size(), 1u);
  EXPECT_EQ(decoded.warnings.at(0).to_text(),
            "f: document 1: Node n1: spec.podCIDRs[0]: is missing; this range is passed over");
}

TEST(Decode, NodeHasItsPodsRanges) {
  const struct {
    const char *what, *spec, *cidrs;
  } rows[] = {{"none", "{}", ""},
              {"one", "{podCIDR: 10.1.0.0/24}", "10.1.0.0/24 "},
              {"both families", "{podCIDR: 10.1.0.0/24, podCIDRs: [\"fd00:1::/64\", 10.1.0.0/24]}",
               "10.1.0.0/24 fd00:1::/64 "}};
  for (const auto& row : rows) {
    const auto node = read_one<model::Node>(
        "{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: " + std::string(row.spec) + "}");
    std::string cidrs;
    for (const auto& cidr : node.pod_cidrs) cidrs += cidr.to_text() + " ";
    EXPECT_EQ(cidrs, row.cidrs) << row.what;
  }
}

}  // namespace
}  // namespace sluice::source::decode
