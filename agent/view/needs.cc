#include "agent/view/needs.h"

#include <algorithm>

namespace sluice::view {
namespace {

using model::Direction;

void add_peer(const model::SelectorPeer& peer, const std::string& own_namespace, PolicyNeeds& needs) {
  PodsKey key;
  if (peer.namespace_selector)
    key.namespaces = *peer.namespace_selector;
  else
    key.ns = own_namespace;
  if (peer.pod_selector) key.pods = *peer.pod_selector;
  needs.pods.insert(std::move(key));
}

bool is_everything(const net::Cidr& cidr) {
  return cidr.length() == 0;
}

// What a rule without peers, or of a whole family, allows at all ports of a protocol it allows at a Service's own address
// too, so that nobody need know what stands behind.
void add_endpoint_ports(net::Protocol protocol, const net::PortRange& ports, PolicyNeeds& needs) {
  if (ports != net::PortRange::all()) needs.endpoint_ports.insert({protocol, ports});
}

void add_endpoints(const model::Rule& rule, PolicyNeeds& needs) {
  bool is_any = rule.peers.empty();
  for (const model::Peer& peer : rule.peers)
    if (const auto* block = std::get_if<model::IpBlock>(&peer)) {
      const bool is_whole = is_everything(block->cidr) && block->except.empty();
      is_any = is_any || is_whole;
      needs.every_endpoint = needs.every_endpoint || !is_whole;
    }
  if (!is_any) return;
  for (const model::PolicyPort& port : rule.ports)
    if (const auto* range = std::get_if<net::PortRange>(&port.port))
      add_endpoint_ports(port.protocol, *range, needs);
}

void add_endpoints(const model::ClusterRule& rule, PolicyNeeds& needs) {
  bool is_any = false;
  for (const model::ClusterPeer& peer : rule.peers) {
    if (std::holds_alternative<model::NodesPeer>(peer)) needs.every_endpoint = true;
    const auto* networks = std::get_if<model::NetworksPeer>(&peer);
    if (networks == nullptr) continue;
    const bool is_whole = std::ranges::all_of(networks->cidrs, is_everything);
    is_any = is_any || is_whole;
    needs.every_endpoint = needs.every_endpoint || !is_whole;
  }
  if (!is_any) return;
  for (const model::ClusterProtocol& protocol : rule.protocols)
    if (const auto* ports = std::get_if<model::ProtocolPorts>(&protocol))
      add_endpoint_ports(ports->protocol, ports->ports, needs);
}

// Of ingress the destination is the subject, which is there anyway. Pods that selectors name are, too.
void add_port_names(const model::Rule& rule, PolicyNeeds& needs) {
  const bool by_address = rule.peers.empty() || std::ranges::any_of(rule.peers, [](const model::Peer& peer) {
                            return std::holds_alternative<model::IpBlock>(peer);
                          });
  if (!by_address) return;
  for (const model::PolicyPort& port : rule.ports)
    if (const auto* name = std::get_if<std::string>(&port.port)) needs.port_names.insert(*name);
}

void add_rule(const model::ClusterRule& rule, Direction direction, PolicyNeeds& needs) {
  bool by_address = false;
  for (const model::ClusterPeer& peer : rule.peers) {
    if (const auto* pods = std::get_if<model::PodsPeer>(&peer))
      needs.pods.insert({std::nullopt, pods->namespaces, pods->pods});
    else
      by_address = true;
    if (const auto* nodes = std::get_if<model::NodesPeer>(&peer)) needs.nodes.push_back(nodes->nodes);
  }
  if (direction == Direction::kIngress) return;
  add_endpoints(rule, needs);
  if (!by_address) return;
  for (const model::ClusterProtocol& protocol : rule.protocols)
    if (const auto* named = std::get_if<model::NamedPort>(&protocol)) needs.port_names.insert(named->name);
}

}  // namespace

PolicyNeeds needs_of(const model::NetworkPolicy& policy) {
  PolicyNeeds needs;
  needs.subject = {policy.name.ns, {}, policy.pod_selector};
  needs.egress = policy.isolates_egress;
  for (const Direction direction : model::kDirections) {
    if (!policy.isolates(direction)) continue;
    for (const model::Rule& rule : policy.rules(direction)) {
      for (const model::Peer& peer : rule.peers)
        if (const auto* selected = std::get_if<model::SelectorPeer>(&peer))
          add_peer(*selected, policy.name.ns, needs);
      if (direction == Direction::kIngress) continue;
      add_port_names(rule, needs);
      add_endpoints(rule, needs);
    }
  }
  return needs;
}

PolicyNeeds needs_of(const model::ClusterNetworkPolicy& policy) {
  PolicyNeeds needs;
  needs.subject = {std::nullopt, policy.subject.namespaces, policy.subject.pods};
  needs.egress = !policy.egress.empty();
  for (const Direction direction : model::kDirections)
    for (const model::ClusterRule& rule : policy.rules(direction)) add_rule(rule, direction, needs);
  std::ranges::sort(needs.nodes);
  needs.nodes.erase(std::unique(needs.nodes.begin(), needs.nodes.end()), needs.nodes.end());
  return needs;
}

bool matches_one(const std::set<model::LabelSelector>& selectors, const model::Labels& labels) {
  return std::ranges::any_of(selectors, [&](const auto& selector) { return matches(selector, labels); });
}

}  // namespace sluice::view
