#include "agent/reference/tiers.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace sluice::reference {
namespace {

using model::Action;
using model::Cluster;
using model::ClusterNetworkPolicy;
using model::ClusterRule;

bool pods_match(const Cluster& cluster, const model::PodsPeer& peer, const model::Pod* pod) {
  return pod && pod->takes_part() &&
         selector_matches(peer.namespaces, labels_of_namespace(cluster, pod->name.ns)) &&
         selector_matches(peer.pods, pod->labels);
}

bool nodes_match(const Cluster& cluster, const model::NodesPeer& peer, const net::Ip& ip) {
  for (const auto& [name, node] : cluster.nodes)
    for (const net::Ip& address : node.addresses)
      if (address == ip && selector_matches(peer.nodes, node.labels)) return true;
  return false;
}

bool networks_match(const model::NetworksPeer& peer, const net::Ip& ip) {
  for (const net::Cidr& cidr : peer.cidrs)
    if (cidr_holds(cidr, ip)) return true;
  return false;
}

// "*.example.com" stands for what ends so after a label or more.
bool name_fits(const std::string& pattern, const std::string& name) {
  if (pattern[0] != '*') return pattern == name;
  const std::string ending = pattern.substr(1);
  return name.length() > ending.length() && name.substr(name.length() - ending.length()) == ending;
}

bool names_match(const Cluster& cluster, const model::DomainNamesPeer& peer, const net::Ip& ip) {
  for (const auto& [name, addresses] : cluster.resolved)
    for (const std::string& pattern : peer.names)
      if (name_fits(pattern, name) && addresses.count(ip) > 0) return true;
  return false;
}

// `dialled`: it is the address that the pod wrote.
bool peer_matches(const Cluster& cluster, const model::ClusterPeer& peer, const model::ProbeEnd& end,
                  bool dialled) {
  if (const auto* pods = std::get_if<model::PodsPeer>(&peer)) return pods_match(cluster, *pods, end.pod);
  if (const auto* nodes = std::get_if<model::NodesPeer>(&peer)) return nodes_match(cluster, *nodes, end.ip);
  if (const auto* networks = std::get_if<model::NetworksPeer>(&peer))
    return networks_match(*networks, end.ip);
  return dialled && names_match(cluster, std::get<model::DomainNamesPeer>(peer), end.ip);
}

bool protocol_matches(const model::ClusterProtocol& entry, const Contact& contact) {
  if (!contact.port) return false;
  if (const auto* ports = std::get_if<model::ProtocolPorts>(&entry))
    return ports->protocol == contact.protocol && ports->ports.first.host() <= contact.port->host() &&
           contact.port->host() <= ports->ports.last.host();
  if (!contact.destination) return false;
  for (const model::ContainerPort& port : contact.destination->ports)
    if (port.name == std::get<model::NamedPort>(entry).name && port.protocol == contact.protocol &&
        port.port == *contact.port)
      return true;
  return false;
}

// Peer and port alike are one face's.
bool rule_matches(const Cluster& cluster, const ClusterRule& rule, const Contact& contact, bool dialled) {
  if (rule.closed) return rule.action != Action::kAccept;
  bool peer_fits = false, protocol_fits = rule.protocols.empty();
  for (const model::ClusterPeer& peer : rule.peers)
    peer_fits = peer_fits || peer_matches(cluster, peer, contact.peer, dialled);
  for (const model::ClusterProtocol& entry : rule.protocols)
    protocol_fits = protocol_fits || protocol_matches(entry, contact);
  return peer_fits && protocol_fits;
}

bool rule_matches(const Cluster& cluster, const ClusterRule& rule, const Faces& faces) {
  return (faces.end && rule_matches(cluster, rule, *faces.end, faces.written == nullptr)) ||
         (faces.written && rule_matches(cluster, rule, *faces.written, true));
}

// Those of the tier whose subject the pod is, in their order.
std::vector<const ClusterNetworkPolicy*> policies_of(const Cluster& cluster, const model::Pod& pod,
                                                     model::Tier tier) {
  std::vector<const ClusterNetworkPolicy*> found;
  for (const auto& [name, policy] : cluster.cluster_policies)
    if (policy.tier == tier && pods_match(cluster, policy.subject, &pod)) found.push_back(&policy);
  std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) {
    return std::tie(a->priority, a->name.name) < std::tie(b->priority, b->name.name);
  });
  return found;
}

}  // namespace

bool is_subject(const Cluster& cluster, const model::Pod& pod, model::Direction direction) {
  for (const auto& [name, policy] : cluster.cluster_policies)
    if (!policy.rules(direction).empty() && pods_match(cluster, policy.subject, &pod)) return true;
  return false;
}

std::optional<TierDecision> decide(const Cluster& cluster, const model::Pod& pod, model::Direction direction,
                                   model::Tier tier, const Faces& faces) {
  for (const ClusterNetworkPolicy* policy : policies_of(cluster, pod, tier)) {
    const auto& rules = policy->rules(direction);
    for (size_t i = 0; i < rules.size(); ++i) {
      if (!rule_matches(cluster, rules[i], faces)) continue;
      if (rules[i].action == Action::kPass) return std::nullopt;
      return TierDecision{rules[i].action == Action::kAccept,
                          {{std::string(model::to_text(tier)), policy->name.name}, i}};
    }
  }
  return std::nullopt;
}

}  // namespace sluice::reference
