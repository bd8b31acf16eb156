#include "agent/rehearse/tiers.h"

#include <algorithm>

#include "agent/model/domain_name.h"

namespace sluice::rehearse {

using model::Action;
using model::ClusterNetworkPolicy;
using model::ClusterPeer;
using model::ClusterRule;
using model::Direction;
using model::Pod;

Tiers::Tiers(const model::Cluster& cluster) : cluster_(cluster) {
  if (cluster.cluster_policies.empty()) return;
  const auto policies = model::in_order(cluster);
  for (const auto& [name, pod] : cluster.pods) {
    const auto [here, is_new] = by_namespace_.try_emplace(name.ns);
    for (const ClusterNetworkPolicy* policy : is_new ? policies : std::vector<const ClusterNetworkPolicy*>())
      if (model::matches(policy->subject.namespaces, cluster.namespace_labels(name.ns)))
        here->second.push_back(policy);
  }
  for (const auto& [name, node] : cluster.nodes)
    for (const net::Ip& ip : node.addresses) nodes_[ip].push_back(&node);
  for (const auto& [name, addresses] : cluster.resolved)
    for (const net::Ip& ip : addresses) names_[ip].push_back(name);
}

bool Tiers::is_named(const model::DomainNamesPeer& peer, const net::Ip& ip) const {
  const auto at = names_.find(ip);
  return at != names_.end() && std::ranges::any_of(at->second, [&](std::string_view name) {
           return model::is_among(name, peer.names);
         });
}

std::vector<const ClusterNetworkPolicy*> Tiers::of(const Pod& pod, Direction direction) const {
  std::vector<const ClusterNetworkPolicy*> policies;
  const auto here = by_namespace_.find(pod.name.ns);
  if (here == by_namespace_.end()) return policies;
  for (const ClusterNetworkPolicy* policy : here->second)
    if (!policy->rules(direction).empty() && model::matches(policy->subject.pods, pod.labels))
      policies.push_back(policy);
  return policies;
}

bool Tiers::meets(const ClusterRule& rule, const Peer& peer) const {
  if (rule.closed) return rule.action != Action::kAccept;
  return std::ranges::any_of(rule.peers, [&](const ClusterPeer& wanted) {
    if (const auto* pods = std::get_if<model::PodsPeer>(&wanted))
      return peer.pod != nullptr && model::matches(pods->pods, peer.pod->labels) &&
             model::matches(pods->namespaces, cluster_.namespace_labels(peer.pod->name.ns));
    if (const auto* networks = std::get_if<model::NetworksPeer>(&wanted))
      return std::ranges::any_of(networks->cidrs,
                                 [&](const net::Cidr& cidr) { return cidr.contains(peer.ip); });
    if (const auto* domains = std::get_if<model::DomainNamesPeer>(&wanted))
      return is_named(*domains, peer.ip);
    const auto* nodes = std::get_if<model::NodesPeer>(&wanted);
    const auto at = nodes_.find(peer.ip);
    return nodes != nullptr && at != nodes_.end() && std::ranges::any_of(at->second, [&](const auto* node) {
             return model::matches(nodes->nodes, node->labels);
           });
  });
}

std::vector<Tiers::Said> Tiers::ask(const Pod& pod, Direction direction, model::Tier tier, const Peer& peer,
                                    Traffic& open) const {
  std::vector<Said> all;
  Traffic passed;
  for (const ClusterNetworkPolicy* policy : of(pod, direction)) {
    if (policy->tier != tier) continue;
    for (size_t i = 0; i < policy->rules(direction).size(); ++i) {
      const ClusterRule& rule = policy->rules(direction)[i];
      if (!meets(rule, peer)) continue;
      Traffic matched =
          rule.closed ? everything() : traffic_of(rule.protocols, destination_of(pod, direction, peer));
      matched &= open;
      if (matched.empty()) continue;
      open -= matched;
      if (rule.action == Action::kPass) passed += matched;
      all.push_back({model::rule_name(*policy, direction, i), rule.action, std::move(matched)});
    }
  }
  open += passed;
  return all;
}

}  // namespace sluice::rehearse
