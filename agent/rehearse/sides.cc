#include "agent/rehearse/sides.h"

#include <algorithm>

#include "agent/model/isolation.h"

namespace sluice::rehearse {

using model::Action;
using model::Direction;
using model::NetworkPolicy;
using model::Pod;

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

// `say`(name, action, traffic): the rules in the order of tiers. Of NetworkPolicies, which all count, each with all that
// tier Admin left it; at their end, by no name, what they deny; and, by no name, what nobody decides.
template <typename Say>
void Sides::decide(const Pod& pod, Direction direction, const Peer& peer, const Say& say) const {
  Traffic open = everything();
  for (const Tiers::Said& said : tiers_.ask(pod, direction, model::Tier::kAdmin, peer, open))
    say(said.rule, said.action, said.traffic);
  const Policies policies = policies_of(pod, direction);
  if (policies.empty()) {
    for (const Tiers::Said& said : tiers_.ask(pod, direction, model::Tier::kBaseline, peer, open))
      say(said.rule, said.action, said.traffic);
    return say({}, Action::kAccept, open);
  }
  Traffic denied = open;
  for (const NetworkPolicy* policy : policies)
    for (size_t i = 0; i < policy->rules(direction).size(); ++i) {
      const model::Rule& rule = policy->rules(direction)[i];
      if (!meets(rule, policy->name.ns, peer)) continue;
      Traffic allowed = traffic_of(rule.ports, destination_of(pod, direction, peer));
      denied -= allowed;
      allowed &= open;
      say(policy->name.to_text() + ":" + std::string(model::to_text(direction)) + "[" + std::to_string(i) +
              "]",
          Action::kAccept, allowed);
    }
  say({}, Action::kDeny, denied);
}

Traffic Sides::traffic(const Pod& pod, Direction direction, const Peer& peer) const {
  Traffic all;
  if (tiers_.of(pod, direction).empty()) {
    const Policies policies = policies_of(pod, direction);
    if (policies.empty()) return everything();
    for (const NetworkPolicy* policy : policies)
      for (const model::Rule& rule : policy->rules(direction))
        if (meets(rule, policy->name.ns, peer))
          all += traffic_of(rule.ports, destination_of(pod, direction, peer));
    return all;
  }
  decide(pod, direction, peer, [&](const std::string&, Action action, const Traffic& traffic) {
    if (action == Action::kAccept) all += traffic;
  });
  return all;
}

std::vector<std::string> Sides::rules(const Pod& pod, Direction direction, const Peer& peer,
                                      const Traffic& wanted) const {
  std::vector<std::string> names;
  decide(pod, direction, peer, [&](const std::string& name, Action action, const Traffic& traffic) {
    if (action == Action::kAccept && !name.empty() && !boost::icl::disjoint(traffic, wanted))
      names.push_back(name);
  });
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> Sides::denying(const Pod& pod, Direction direction, const Peer& peer,
                                        Traffic& wanted) const {
  std::vector<std::string> names;
  Traffic by_policies;
  decide(pod, direction, peer, [&](const std::string& name, Action action, const Traffic& traffic) {
    if (action != Action::kDeny) return;
    if (name.empty())
      by_policies = traffic;
    else if (!boost::icl::disjoint(traffic, wanted))
      names.push_back(name);
  });
  wanted &= by_policies;
  std::ranges::sort(names);
  return names;
}

}  // namespace sluice::rehearse
