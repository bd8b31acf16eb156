#include "agent/reference/rule_match.h"

namespace sluice::reference {
namespace {

using model::Labels;
using model::Pod;

bool requirement_holds(const model::Requirement& requirement, const Labels& labels) {
  bool has_key = false, value_listed = false;
  for (const auto& [key, value] : labels) {
    if (key != requirement.key) continue;
    has_key = true;
    for (const std::string& listed : requirement.values) value_listed |= listed == value;
  }
  switch (requirement.op) {
    case model::Operator::kIn:
      return has_key && value_listed;
    case model::Operator::kNotIn:
      return !has_key || !value_listed;
    case model::Operator::kExists:
      return has_key;
    case model::Operator::kDoesNotExist:
      return !has_key;
  }
  return false;
}

bool peer_matches(const model::IpBlock& block, const net::Ip& ip) {
  for (const net::Cidr& except : block.except)
    if (cidr_holds(except, ip)) return false;
  return cidr_holds(block.cidr, ip);
}

bool peer_matches(const model::SelectorPeer& peer, const model::Cluster& cluster,
                  const std::string& policy_namespace, const Pod* pod) {
  if (!pod || !pod->takes_part()) return false;
  bool namespace_fits = peer.namespace_selector ? selector_matches(*peer.namespace_selector,
                                                                   labels_of_namespace(cluster, pod->name.ns))
                                                : pod->name.ns == policy_namespace;
  bool pod_fits = !peer.pod_selector || selector_matches(*peer.pod_selector, pod->labels);
  return namespace_fits && pod_fits;
}

bool port_matches(const model::PolicyPort& entry, const Contact& contact) {
  if (!contact.port || entry.protocol != contact.protocol) return false;
  if (std::holds_alternative<std::monostate>(entry.port)) return true;
  if (const auto* range = std::get_if<net::PortRange>(&entry.port))
    return range->first.host() <= contact.port->host() && contact.port->host() <= range->last.host();
  if (!contact.destination) return false;
  for (const model::ContainerPort& port : contact.destination->ports)
    if (port.name == std::get<std::string>(entry.port) && port.protocol == entry.protocol &&
        port.port == *contact.port)
      return true;
  return false;
}

}  // namespace

Labels labels_of_namespace(const model::Cluster& cluster, const std::string& name) {
  Labels labels;
  for (const auto& [id, object] : cluster.namespaces)
    if (id.name == name) labels = object.labels;
  labels.insert_or_assign("kubernetes.io/metadata.name", name);
  return labels;
}

bool cidr_holds(const net::Cidr& cidr, const net::Ip& ip) {
  if (cidr.family() != ip.family()) return false;
  for (int i = 0; i < cidr.length(); ++i)
    if (cidr.base().bit(i) != ip.bit(i)) return false;
  return true;
}

bool selector_matches(const model::LabelSelector& selector, const Labels& labels) {
  for (const model::Requirement& requirement : selector.requirements)
    if (!requirement_holds(requirement, labels)) return false;
  return true;
}

bool rule_allows(const model::Cluster& cluster, const std::string& policy_namespace, const model::Rule& rule,
                 const Contact& contact) {
  bool port_fits = rule.ports.empty();
  for (const model::PolicyPort& entry : rule.ports) port_fits = port_fits || port_matches(entry, contact);
  bool peer_fits = rule.peers.empty();
  for (const model::Peer& peer : rule.peers) {
    if (const auto* block = std::get_if<model::IpBlock>(&peer))
      peer_fits = peer_fits || peer_matches(*block, contact.peer.ip);
    else
      peer_fits = peer_fits || peer_matches(std::get<model::SelectorPeer>(peer), cluster, policy_namespace,
                                            contact.peer.pod);
  }
  return port_fits && peer_fits;
}

}  // namespace sluice::reference
