#include "agent/compile/why/rules.h"

#include <algorithm>
#include <tuple>

#include "agent/model/domain_name.h"

namespace sluice::compile::why {

using model::Direction;

std::vector<NamedRule> rules_for(const model::Cluster& cluster, const GroupKey& group, Direction direction,
                                 model::Policies which) {
  std::vector<NamedRule> rules;
  for (const model::NetworkPolicy* isolating :
       model::isolating_policies(cluster, group.ns, group.labels, direction, which)) {
    const model::NetworkPolicy& policy = *isolating;
    const std::string name = policy.name.to_text() + ":" + std::string(model::to_text(direction));
    for (size_t i = 0; i < policy.rules(direction).size(); ++i) {
      const model::Rule& rule = policy.rules(direction)[i];
      PortSpec ports = port_spec_of(rule.ports);
      if (direction == Direction::kIngress) ports = resolved(ports, group.ports);
      rules.push_back({{policy.name, i},
                       name + "[" + std::to_string(i) + "]",
                       rule.peers.empty(),
                       peer_set_of(policy.name.ns, rule.peers),
                       std::move(ports)});
    }
  }
  return rules;
}

std::vector<NamedTierRule> tier_rules_for(const model::Cluster& cluster, const GroupKey& group,
                                          Direction direction) {
  std::vector<const model::ClusterNetworkPolicy*> policies;
  const model::Labels labels = cluster.namespace_labels(group.ns);
  for (const auto& [name, policy] : cluster.cluster_policies)
    if (model::matches(policy.subject.namespaces, labels) &&
        model::matches(policy.subject.pods, group.labels))
      policies.push_back(&policy);
  std::sort(policies.begin(), policies.end(), [](const auto* a, const auto* b) {
    return std::tie(a->tier, a->priority, a->name.name) < std::tie(b->tier, b->priority, b->name.name);
  });
  std::vector<NamedTierRule> rules;
  for (const model::ClusterNetworkPolicy* policy : policies) {
    const model::ObjectName called{std::string(model::to_text(policy->tier)), policy->name.name};
    const std::string name = called.to_text() + ":" + std::string(model::to_text(direction));
    for (size_t i = 0; i < policy->rules(direction).size(); ++i) {
      const model::ClusterRule& rule = policy->rules(direction)[i];
      if (rule.closed && rule.action == model::Action::kAccept) continue;
      PortSpec ports = port_spec_of(rule.protocols);
      if (direction == Direction::kIngress) ports = resolved(ports, group.ports);
      rules.push_back({{called, i},
                       name + "[" + std::to_string(i) + "]",
                       policy->tier,
                       rule.action,
                       rule.closed,
                       peer_set_of(rule.peers),
                       std::move(ports)});
    }
  }
  return rules;
}

Peer peer_at(const Compilation& compilation, const net::Ip& ip) {
  return {ip, compilation.pods().group_at(ip)};
}

namespace {

bool holds(const model::Cluster& cluster, const PeerSet& peers, const Peer& peer) {
  auto in_block = [&](const model::IpBlock& block) { return block.contains(peer.ip); };
  auto selected = [&](const BoundSelector& selector) {
    const std::string& ns = peer.group->key->ns;
    bool reaches = selector.namespaces ? model::matches(*selector.namespaces, cluster.namespace_labels(ns))
                                       : selector.ns == ns;
    return reaches && model::matches(selector.pods, peer.group->key->labels);
  };
  return std::any_of(peers.blocks.begin(), peers.blocks.end(), in_block) ||
         (peer.group && std::any_of(peers.selectors.begin(), peers.selectors.end(), selected));
}

bool is_node_of(const Compilation& compilation, const PeerSet& peers, const net::Ip& ip) {
  const std::vector<PeerSetId>* as_node = peers.nodes.empty() ? nullptr : compilation.node_peers().at(ip);
  return as_node != nullptr && std::binary_search(as_node->begin(), as_node->end(), id_of(peers));
}

}  // namespace

std::set<size_t> allowing(const Compilation& compilation, const std::vector<NamedRule>& rules,
                          const Peer& peer, net::Protocol protocol, net::Port port) {
  std::set<size_t> found;
  for (size_t i = 0; i < rules.size(); ++i) {
    const PortSpec ports = peer.group ? resolved(rules[i].ports, peer.group->key->ports) : rules[i].ports;
    if (!ports.all && !ports.numbers.contains(protocol, port)) continue;
    if (rules[i].everyone || holds(compilation.cluster(), rules[i].peers, peer)) found.insert(i);
  }
  return found;
}

namespace {

bool has_port(const NamedTierRule& rule, const FacedPeer& face) {
  const Group* group = face.peer.group;
  const PortSpec ports = group ? resolved(rule.ports, group->key->ports) : rule.ports;
  return ports.all || ports.numbers.contains(face.protocol, face.port);
}

bool matches_unnamed(const Compilation& compilation, const NamedTierRule& rule, const FacedPeer& face) {
  return rule.everyone || holds(compilation.cluster(), rule.peers, face.peer) ||
         is_node_of(compilation, rule.peers, face.peer.ip);
}

std::set<std::string> matching_names(const Compilation& compilation, const PeerSet& peers,
                                     const FacedPeer& face) {
  std::set<std::string> found;
  if (!face.written || peers.domains.empty()) return found;
  for (const auto& [name, slot] : compilation.names().names_at(face.peer.ip))
    if (model::is_among(name, peers.domains)) found.insert(name);
  return found;
}

}  // namespace

bool matches(const Compilation& compilation, const NamedTierRule& rule, const FacedPeer* face) {
  return face != nullptr && has_port(rule, *face) &&
         (matches_unnamed(compilation, rule, *face) ||
          !matching_names(compilation, rule.peers, *face).empty());
}

bool matches_by_some_name(const NamedTierRule& rule, const FacedPeer& face) {
  return face.written && !rule.peers.domains.empty() && has_port(rule, face);
}

std::set<std::string> names_needed(const Compilation& compilation, const NamedTierRule& rule,
                                   const FacedPeer& face) {
  if (!has_port(rule, face) || matches_unnamed(compilation, rule, face)) return {};
  return matching_names(compilation, rule.peers, face);
}

}  // namespace sluice::compile::why
