// policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy.
#include "agent/model/hours.h"
#include "agent/source/encode/encode_kinds.h"

namespace sluice::source::encode {

namespace json = boost::json;

namespace {

void add_pods(const model::PodsPeer& pods, json::object& object) {
  if (pods.pods.requirements.empty()) {
    object["namespaces"] = selector_object(pods.namespaces);
    return;
  }
  json::object& both = object["pods"].emplace_object();
  if (!pods.namespaces.requirements.empty()) both["namespaceSelector"] = selector_object(pods.namespaces);
  both["podSelector"] = selector_object(pods.pods);
}

struct PeerWriter {
  json::object object;

  void operator()(const model::PodsPeer& pods) { add_pods(pods, object); }
  void operator()(const model::NodesPeer& nodes) { object["nodes"] = selector_object(nodes.nodes); }
  void operator()(const model::NetworksPeer& networks) {
    json::array& list = object["networks"].emplace_array();
    for (const net::Cidr& cidr : networks.cidrs) list.emplace_back(cidr.to_text());
  }
  void operator()(const model::DomainNamesPeer& domains) {
    object["domainNames"] = json::array(domains.names.begin(), domains.names.end());
  }
};

json::object ports_object(const net::PortRange& ports) {
  if (ports == net::PortRange::all()) return {};
  if (ports.first == ports.last) return {{"destinationPort", {{"number", ports.first.host()}}}};
  return {{"destinationPort", {{"range", {{"start", ports.first.host()}, {"end", ports.last.host()}}}}}};
}

json::object protocol_object(const model::ClusterProtocol& entry) {
  if (const auto* named = std::get_if<model::NamedPort>(&entry))
    return {{"destinationNamedPort", named->name}};
  const auto& ports = std::get<model::ProtocolPorts>(entry);
  const char* protocol = ports.protocol == net::kUdp ? "udp" : ports.protocol == net::kSctp ? "sctp" : "tcp";
  return {{protocol, ports_object(ports.ports)}};
}

json::object rule_object(const model::ClusterRule& rule, const char* peers_key) {
  json::object object;
  if (!rule.name.empty()) object["name"] = rule.name;
  object["action"] = model::to_text(rule.action);
  if (rule.closed) return object;
  json::array peers, protocols;
  for (const model::ClusterPeer& peer : rule.peers) {
    PeerWriter writer;
    std::visit(writer, peer);
    peers.push_back(std::move(writer.object));
  }
  for (const model::ClusterProtocol& entry : rule.protocols) protocols.push_back(protocol_object(entry));
  object[peers_key] = std::move(peers);
  if (!protocols.empty()) object["protocols"] = std::move(protocols);
  return object;
}

json::array rules_array(const std::vector<model::ClusterRule>& rules, const char* peers_key) {
  json::array all;
  for (const model::ClusterRule& rule : rules) all.push_back(rule_object(rule, peers_key));
  return all;
}

}  // namespace

json::object to_json_object(const model::ClusterNetworkPolicy& policy) {
  json::object object = object_of("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", policy.name);
  add_annotations({{model::kActiveAnnotation, policy.active}}, object["metadata"].as_object());
  json::object subject;
  add_pods(policy.subject, subject);
  json::object spec{
      {"tier", model::to_text(policy.tier)}, {"priority", policy.priority}, {"subject", std::move(subject)}};
  if (!policy.ingress.empty()) spec["ingress"] = rules_array(policy.ingress, "from");
  if (!policy.egress.empty()) spec["egress"] = rules_array(policy.egress, "to");
  object["spec"] = std::move(spec);
  return object;
}

}  // namespace sluice::source::encode
