#include "agent/rehearse/sides.h"

#include <algorithm>

#include "agent/model/isolation.h"

namespace sluice::rehearse {

using model::Direction;
using model::NetworkPolicy;
using model::Pod;

namespace {

// Whose container ports the names in a rule of this pod mean.
const Pod* destination_of(const Pod& pod, Direction direction, const Peer& peer) {
  return direction == Direction::kIngress ? &pod : peer.pod;
}

}  // namespace

Sides::Policies Sides::policies_of(const Pod& pod, Direction direction) const {
  return model::isolating_policies(cluster_, pod.name.ns, pod.labels, direction);
}

bool Sides::meets(const model::Rule& rule, const std::string& policy_namespace, const Peer& peer) const {
  const auto one_meets = [&](const model::Peer& wanted) {
    if (const auto* block = std::get_if<model::IpBlock>(&wanted)) return block->contains(peer.ip);
    if (peer.pod == nullptr) return false;
    const auto& selectors = std::get<model::SelectorPeer>(wanted);
    const std::string& ns = peer.pod->name.ns;
    const bool there = selectors.namespace_selector
                           ? model::matches(*selectors.namespace_selector, cluster_.namespace_labels(ns))
                           : ns == policy_namespace;
    return there && (!selectors.pod_selector || model::matches(*selectors.pod_selector, peer.pod->labels));
  };
  return rule.peers.empty() || std::any_of(rule.peers.begin(), rule.peers.end(), one_meets);
}

std::vector<std::string> Sides::isolating(const Pod& pod, Direction direction) const {
  return model::names_of(policies_of(pod, direction));
}

Traffic Sides::traffic(const Pod& pod, Direction direction, const Peer& peer) const {
  const Policies policies = policies_of(pod, direction);
  if (policies.empty()) return everything();
  Traffic all;
  for (const NetworkPolicy* policy : policies)
    for (const model::Rule& rule : policy->rules(direction))
      if (meets(rule, policy->name.ns, peer))
        all += traffic_of(rule.ports, destination_of(pod, direction, peer));
  return all;
}

std::vector<std::string> Sides::rules(const Pod& pod, Direction direction, const Peer& peer,
                                      const Traffic& wanted) const {
  std::vector<std::string> names;
  for (const NetworkPolicy* policy : policies_of(pod, direction)) {
    const auto& rules = policy->rules(direction);
    for (size_t i = 0; i < rules.size(); ++i) {
      if (!meets(rules[i], policy->name.ns, peer)) continue;
      if (boost::icl::disjoint(traffic_of(rules[i].ports, destination_of(pod, direction, peer)), wanted))
        continue;
      names.push_back(policy->name.to_text() + ":" + std::string(model::to_text(direction)) + "[" +
                      std::to_string(i) + "]");
    }
  }
  return names;
}

}  // namespace sluice::rehearse
