#include "tests/oracle/text.h"

#include <algorithm>
#include <ctime>

#include "agent/model/hours.h"

namespace sluice::oracle {
namespace {

// A double-quoted scalar, the same in JSON and YAML. Names and label values hold nothing that needs an
// escape.
std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

// Flow style throughout: short, and one line a fact.
template <typename List, typename Write>
std::string flow_list(const List& list, Write write) {
  std::string text = "[";
  for (const auto& element : list) text += (text.size() > 1 ? ", " : "") + write(element);
  return text + "]";
}
std::string flow_list(const std::vector<net::Ip>& ips) {
  return flow_list(ips, [](const net::Ip& ip) { return quoted(ip.to_text()); });
}
std::string flow_map(const model::Labels& labels) {
  std::string text = "{";
  for (const auto& [key, value] : labels)
    text += (text.size() > 1 ? ", " : "") + quoted(key) + ": " + quoted(value);
  return text + "}";
}

std::string number(net::Port port) {
  return std::to_string(port.host());
}

std::string time_text(int64_t seconds) {
  const auto time = static_cast<time_t>(seconds);
  tm parts{};
  char text[32] = {};
  if (gmtime_r(&time, &parts)) strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

struct Header {
  std::string api_version;
  model::ObjectName name;
  model::Labels labels = {};
  std::string extra = {};  // more lines of metadata
};
std::string head(std::string_view kind, const Header& header) {
  std::string text = "---\napiVersion: " + header.api_version + "\nkind: " + std::string(kind) +
                     "\nmetadata:\n  name: " + quoted(header.name.name) + "\n";
  if (!header.name.ns.empty()) text += "  namespace: " + quoted(header.name.ns) + "\n";
  if (!header.labels.empty()) text += "  labels: " + flow_map(header.labels) + "\n";
  return text + header.extra;
}

std::string annotations(const std::vector<net::Cidr>& source_prefixes, bool audit = false,
                        const std::string& active = {}) {
  model::Labels all;
  std::string list;
  for (const net::Cidr& prefix : source_prefixes) list += (list.empty() ? "" : ",") + prefix.to_text();
  if (!list.empty()) all[model::kSourcePrefixesAnnotation] = list;
  if (audit) all[model::kModeAnnotation] = "audit";
  if (!active.empty()) all[model::kActiveAnnotation] = active;
  return all.empty() ? "" : "  annotations: " + flow_map(all) + "\n";
}

std::string_view phase_text(model::PodPhase phase) {
  switch (phase) {
    case model::PodPhase::kPending:
      return "Pending";
    case model::PodPhase::kRunning:
      return "Running";
    case model::PodPhase::kSucceeded:
      return "Succeeded";
    case model::PodPhase::kFailed:
      return "Failed";
    case model::PodPhase::kUnknown:
      return "Unknown";
  }
  return "";
}

std::string write(const model::HostPort& port) {
  return ", hostPort: " + number(port.port) + (port.ip ? ", hostIP: " + quoted(port.ip->to_text()) : "");
}

std::string write(const model::ContainerPort& port) {
  std::string text;
  if (!port.name.empty()) text += "name: " + quoted(port.name) + ", ";
  return text + "containerPort: " + number(port.port) + ", protocol: " + port.protocol.to_text();
}

// Every port in a container of its own: one name may stand for several numbers of a pod, not of a container.
// A host port stands at the next container port that it is for; where that was taken away, at one of its own.
std::string containers(const model::Pod& pod) {
  if (pod.ports.empty() && pod.host_ports.empty()) return "  containers: [{name: c, image: none}]\n";
  std::string text = "  containers:\n";
  int count = 0;
  auto add = [&](const std::string& port) {
    text += "    - {name: c" + std::to_string(count++) + ", image: none, ports: [{" + port + "}]}\n";
  };
  auto next = pod.host_ports.begin();
  for (const model::ContainerPort& port : pod.ports) {
    const bool has =
        next != pod.host_ports.end() && next->protocol == port.protocol && next->target == port.port;
    add(write(port) + (has ? write(*next++) : ""));
  }
  for (; next != pod.host_ports.end(); ++next)
    add(write(model::ContainerPort{"", next->protocol, next->target}) + write(*next));
  return text;
}

std::string write(const model::Pod& pod) {
  std::string extra;
  if (!pod.uid.empty()) extra += "  uid: " + quoted(pod.uid) + "\n";
  if (pod.created != 0) extra += "  creationTimestamp: " + quoted(time_text(pod.created)) + "\n";
  if (pod.terminating) extra += "  deletionTimestamp: \"2024-05-01T12:00:00Z\"\n";
  extra += annotations(pod.source_prefixes);
  std::string text = head("Pod", {"v1", pod.name, pod.labels, extra}) + "spec:\n";
  if (!pod.node_name.empty()) text += "  nodeName: " + quoted(pod.node_name) + "\n";
  if (pod.host_network) text += "  hostNetwork: true\n";
  text += containers(pod) + "status:\n  phase: " + std::string(phase_text(pod.phase)) + "\n";
  if (!pod.ready) text += "  conditions: [{type: Ready, status: \"False\"}]\n";
  if (!pod.ips.empty())
    text += "  podIPs: " +
            flow_list(pod.ips, [](const net::Ip& ip) { return "{ip: " + quoted(ip.to_text()) + "}"; }) + "\n";
  return text;
}

std::string write(const model::Namespace& ns) {
  return head("Namespace", {"v1", ns.name, ns.labels, annotations(ns.source_prefixes, ns.audit)});
}

std::string write(const model::Node& node) {
  return head("Node", {"v1", node.name, node.labels}) + "status:\n  addresses: " +
         flow_list(
             node.addresses,
             [](const net::Ip& ip) { return "{type: InternalIP, address: " + quoted(ip.to_text()) + "}"; }) +
         "\n";
}

// As cluster IPs those that internalTrafficPolicy says something of, else the first of each family; the rest
// as external ones.
std::string service_addresses(const model::Service& service) {
  if (service.headless) return "  clusterIP: None\n  externalIPs: " + flow_list(service.addresses) + "\n";
  std::vector<net::Ip> cluster_ips = service.local_addresses, external = service.addresses;
  for (const net::Ip& ip : cluster_ips) std::erase(external, ip);
  for (net::Family family : service.families) {
    auto first =
        std::find_if(external.begin(), external.end(), [&](const auto& ip) { return ip.family() == family; });
    if (first == external.end() || !service.local_addresses.empty()) continue;
    cluster_ips.push_back(*first);
    external.erase(first);
  }
  std::string text;
  if (!service.local_addresses.empty()) text += "  internalTrafficPolicy: Local\n";
  if (!cluster_ips.empty())
    text += "  clusterIP: " + quoted(cluster_ips[0].to_text()) + "\n  clusterIPs: " + flow_list(cluster_ips) +
            "\n";
  if (!external.empty()) text += "  externalIPs: " + flow_list(external) + "\n";
  return text;
}

std::string write(const model::ServicePort& port) {
  std::string text = "    - {";
  if (!port.name.empty()) text += "name: " + quoted(port.name) + ", ";
  text += "protocol: " + port.protocol.to_text() + ", port: " + number(port.port) + ", targetPort: ";
  const auto* target = std::get_if<net::Port>(&port.target);
  text += target ? number(*target) : quoted(std::get<std::string>(port.target));
  if (port.node_port) text += ", nodePort: " + number(*port.node_port);
  return text + "}\n";
}

std::string write(const model::Service& service) {
  const bool has_node_port = std::any_of(service.ports.begin(), service.ports.end(),
                                         [](const auto& port) { return port.node_port.has_value(); });
  std::string text = head("Service", {"v1", service.name}) +
                     "spec:\n  type: " + (has_node_port ? "NodePort" : "ClusterIP") + "\n" +
                     service_addresses(service);
  if (!service.families.empty())
    text += "  ipFamilies: " +
            flow_list(service.families, [](net::Family f) { return std::string(net::to_text(f)); }) + "\n";
  if (service.publish_not_ready) text += "  publishNotReadyAddresses: true\n";
  if (service.selector) text += "  selector: " + flow_map(*service.selector) + "\n";
  if (!service.ports.empty()) text += "  ports:\n";
  for (const model::ServicePort& port : service.ports) text += write(port);
  return text;
}

std::string write(const model::EndpointPort& port) {
  std::string text = "{name: " + quoted(port.name) + ", protocol: " + port.protocol.to_text();
  if (port.port) text += ", port: " + number(*port.port);
  return text + "}";
}

std::string write(const model::Endpoint& endpoint) {
  auto word = [](bool value) { return std::string(value ? "true" : "false"); };
  return "  - addresses: " + flow_list(endpoint.addresses) +
         "\n    conditions: {ready: " + word(endpoint.ready) + ", serving: " + word(endpoint.serving) +
         ", terminating: " + word(endpoint.terminating) + "}\n" +
         (endpoint.node_name.empty() ? "" : "    nodeName: " + quoted(endpoint.node_name) + "\n");
}

std::string write(const model::EndpointSlice& slice) {
  model::Labels labels;
  if (!slice.service.empty()) labels["kubernetes.io/service-name"] = slice.service;
  std::string text = head("EndpointSlice", {"discovery.k8s.io/v1", slice.name, labels}) +
                     "addressType: " + std::string(net::to_text(slice.family)) +
                     "\nports: " + flow_list(slice.ports, [](const auto& port) { return write(port); }) +
                     (slice.endpoints.empty() ? "\nendpoints: []\n" : "\nendpoints:\n");
  for (const model::Endpoint& endpoint : slice.endpoints) text += write(endpoint);
  return text;
}

std::string write(const model::Requirement& requirement) {
  std::string text = "{key: " + quoted(requirement.key) + ", operator: ";
  switch (requirement.op) {
    case model::Operator::kIn:
      text += "In";
      break;
    case model::Operator::kNotIn:
      text += "NotIn";
      break;
    case model::Operator::kExists:
      return text + "Exists}";
    case model::Operator::kDoesNotExist:
      return text + "DoesNotExist}";
  }
  return text + ", values: " + flow_list(requirement.values, quoted) + "}";
}

std::string write(const model::LabelSelector& selector) {
  if (selector.requirements.empty()) return "{}";
  return "{matchExpressions: " + flow_list(selector.requirements, [](const auto& r) { return write(r); }) +
         "}";
}

std::string write(const model::Peer& peer) {
  if (const auto* block = std::get_if<model::IpBlock>(&peer)) {
    auto cidr = [](const net::Cidr& c) { return quoted(c.to_text()); };
    std::string text = "{ipBlock: {cidr: " + cidr(block->cidr);
    if (!block->except.empty()) text += ", except: " + flow_list(block->except, cidr);
    return text + "}}";
  }
  const auto& selectors = std::get<model::SelectorPeer>(peer);
  std::string text = "{";
  if (selectors.namespace_selector) text += "namespaceSelector: " + write(*selectors.namespace_selector);
  if (selectors.namespace_selector && selectors.pod_selector) text += ", ";
  if (selectors.pod_selector) text += "podSelector: " + write(*selectors.pod_selector);
  return text + "}";
}

std::string write(const model::PolicyPort& entry) {
  std::string text = "{protocol: " + entry.protocol.to_text();
  if (const auto* name = std::get_if<std::string>(&entry.port)) text += ", port: " + quoted(*name);
  if (const auto* range = std::get_if<net::PortRange>(&entry.port)) {
    text += ", port: " + number(range->first);
    if (range->last != range->first) text += ", endPort: " + number(range->last);
  }
  return text + "}";
}

std::string rules(const model::NetworkPolicy& policy, model::Direction direction) {
  if (policy.rules(direction).empty()) return "";
  const bool ingress = direction == model::Direction::kIngress;
  std::string text = "  " + std::string(model::to_text(direction)) + ":\n";
  for (const model::Rule& rule : policy.rules(direction)) {
    auto entry = [](const auto& one) { return write(one); };
    text += std::string("    - ") + (ingress ? "from" : "to") + ": " + flow_list(rule.peers, entry) + "\n";
    if (!rule.ports.empty()) text += "      ports: " + flow_list(rule.ports, entry) + "\n";
  }
  return text;
}

std::string write(const model::NetworkPolicy& policy) {
  std::string types = policy.isolates_ingress ? "Ingress" : "";
  if (policy.isolates_egress) types += types.empty() ? "Egress" : ", Egress";
  return head("NetworkPolicy",
              {"networking.k8s.io/v1", policy.name, {}, annotations({}, policy.audit, policy.active)}) +
         "spec:\n  podSelector: " + write(policy.pod_selector) + "\n  policyTypes: [" + types + "]\n" +
         rules(policy, model::Direction::kIngress) + rules(policy, model::Direction::kEgress);
}

std::string write(const model::PodsPeer& peer) {
  return "{namespaceSelector: " + write(peer.namespaces) + ", podSelector: " + write(peer.pods) + "}";
}

std::string write(const model::ClusterPeer& peer) {
  const auto cidr = [](const net::Cidr& c) { return quoted(c.to_text()); };
  if (const auto* nodes = std::get_if<model::NodesPeer>(&peer)) return "{nodes: " + write(nodes->nodes) + "}";
  if (const auto* networks = std::get_if<model::NetworksPeer>(&peer))
    return "{networks: " + flow_list(networks->cidrs, cidr) + "}";
  if (const auto* names = std::get_if<model::DomainNamesPeer>(&peer))
    return "{domainNames: " + flow_list(names->names, quoted) + "}";
  const auto& pods = std::get<model::PodsPeer>(peer);
  return pods.pods.requirements.empty() ? "{namespaces: " + write(pods.namespaces) + "}"
                                        : "{pods: " + write(pods) + "}";
}

std::string write(const model::ClusterProtocol& entry) {
  if (const auto* named = std::get_if<model::NamedPort>(&entry))
    return "{destinationNamedPort: " + quoted(named->name) + "}";
  const auto& ports = std::get<model::ProtocolPorts>(entry);
  const std::string protocol = ports.protocol == net::kTcp   ? "tcp"
                               : ports.protocol == net::kUdp ? "udp"
                                                             : "sctp";
  const std::string port =
      ports.ports.first == ports.ports.last
          ? "number: " + number(ports.ports.first)
          : "range: {start: " + number(ports.ports.first) + ", end: " + number(ports.ports.last) + "}";
  return "{" + protocol + ": {destinationPort: {" + port + "}}}";
}

std::string rules(const model::ClusterNetworkPolicy& policy, model::Direction direction) {
  if (policy.rules(direction).empty()) return "";
  const bool ingress = direction == model::Direction::kIngress;
  std::string text = "  " + std::string(model::to_text(direction)) + ":\n";
  for (const model::ClusterRule& rule : policy.rules(direction)) {
    auto entry = [](const auto& one) { return write(one); };
    text += "    - action: " + std::string(model::to_text(rule.action)) + "\n";
    text += std::string("      ") + (ingress ? "from" : "to") + ": " + flow_list(rule.peers, entry) + "\n";
    if (!rule.protocols.empty()) text += "      protocols: " + flow_list(rule.protocols, entry) + "\n";
  }
  return text;
}

std::string write(const model::ClusterNetworkPolicy& policy) {
  return head("ClusterNetworkPolicy",
              {"policy.networking.k8s.io/v1alpha2", policy.name, {}, annotations({}, false, policy.active)}) +
         "spec:\n  tier: " + std::string(model::to_text(policy.tier)) +
         "\n  priority: " + std::to_string(policy.priority) + "\n  subject: {pods: " + write(policy.subject) +
         "}\n" + rules(policy, model::Direction::kIngress) + rules(policy, model::Direction::kEgress);
}

}  // namespace

std::string to_yaml(const model::Cluster& cluster) {
  std::string text;
  for (const model::Object& object : cluster.objects())
    text += std::visit([](const auto& o) { return write(o); }, object);
  return text;
}

std::string to_json(const model::Probe& probe) {
  std::string text = "{\"from\": " + quoted(to_text(probe.from)) + ", \"to\": " + quoted(to_text(probe.to));
  if (probe.family) text += ", \"family\": " + quoted(net::to_text(*probe.family));
  const bool named = probe.protocol.has_ports() || probe.protocol == net::kIcmp;
  text += ", \"protocol\": " +
          (named ? quoted(probe.protocol.to_text()) : std::to_string(probe.protocol.number()));
  if (probe.port) text += ", \"port\": " + number(*probe.port);
  return text + "}";
}

}  // namespace sluice::oracle
