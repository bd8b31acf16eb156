#include "agent/picture/scopes.h"

#include <algorithm>

namespace sluice::picture {

using model::Direction;
using rehearse::Traffic;

namespace {

bool names_a_port(const model::Rule& rule) {
  return std::ranges::any_of(rule.ports,
                             [](const auto& port) { return std::holds_alternative<std::string>(port.port); });
}

bool is_wider(const Scope& a, const Scope& b) {
  if (a == b) return false;
  if (a.kind == Scope::kAnyone) return true;
  return a.kind == Scope::kEveryPod && b.kind == Scope::kEveryPodOf;
}

// The namespaces whose every pod the peer is, where it is such a one.
std::optional<std::vector<std::string>> whole_namespaces(const model::Cluster& cluster,
                                                         const model::SelectorPeer& peer,
                                                         const std::string& own,
                                                         const std::vector<std::string>& namespaces) {
  if (peer.pod_selector && !peer.pod_selector->requirements.empty()) return std::nullopt;
  if (!peer.namespace_selector) return std::vector<std::string>{own};
  std::vector<std::string> found;
  for (const std::string& ns : namespaces)
    if (model::matches(*peer.namespace_selector, cluster.namespace_labels(ns))) found.push_back(ns);
  return found;
}

// The scopes that a peer is; none: it is a narrow one.
std::vector<Scope> scopes_of_peer(const model::Cluster& cluster, const model::Peer& peer,
                                  const std::string& own, const Namespaces& namespaces) {
  if (const auto* block = std::get_if<model::IpBlock>(&peer)) {
    if (block->cidr.length() != 0 || !block->except.empty()) return {};
    return {{block->cidr.family() == net::Family::kIpv4 ? Scope::kAnyoneIpv4 : Scope::kAnyoneIpv6}};
  }
  const auto& selectors = std::get<model::SelectorPeer>(peer);
  const auto all = whole_namespaces(cluster, selectors, own, namespaces.all);
  if (!all) return {};
  if (selectors.namespace_selector && selectors.namespace_selector->requirements.empty())
    return {{Scope::kEveryPod}};
  std::vector<Scope> scopes;
  for (const std::string& ns : *all) {
    if (!namespaces.whole.contains(ns)) return {};
    scopes.push_back({Scope::kEveryPodOf, ns});
  }
  return scopes;
}

// Each peer of a rule with its scopes; a rule without peers has one, which is null and everybody.
using Meant = std::vector<std::pair<const model::Peer*, std::vector<Scope>>>;

Meant meant_by(const model::Cluster& cluster, const model::Rule& rule, const std::string& own,
               const Namespaces& namespaces) {
  if (rule.peers.empty()) return {{nullptr, {{Scope::kAnyone}}}};
  Meant all;
  all.reserve(rule.peers.size());
  for (const model::Peer& peer : rule.peers)
    all.emplace_back(&peer, scopes_of_peer(cluster, peer, own, namespaces));
  return all;
}

// The ports' names are the destination's; nullptr: each peer has others, so that no rule with names is wide.
void add_rule(const Narrow& narrow, const std::string& name, const model::Pod* destination,
              const Meant& meant, Scopes& made) {
  for (const auto& [peer, scopes] : meant) {
    if (scopes.empty() || (destination == nullptr && names_a_port(*narrow.rule))) {
      made.narrow.push_back({narrow.policy, narrow.rule, peer});
      continue;
    }
    for (const Scope& scope : scopes) {
      made.wide[scope] += rehearse::traffic_of(narrow.rule->ports, destination);
      made.rules[scope].insert(name);
    }
  }
}

}  // namespace

bool Scope::holds(const rehearse::Peer& peer) const {
  switch (kind) {
    case kAnyone:
      return true;
    case kAnyoneIpv4:
      return peer.ip.family() == net::Family::kIpv4;
    case kAnyoneIpv6:
      return peer.ip.family() == net::Family::kIpv6;
    case kEveryPod:
      return peer.pod != nullptr;
    case kEveryPodOf:
      return peer.pod != nullptr && peer.pod->name.ns == ns;
  }
  return false;
}

Traffic Scopes::open_to(const rehearse::Peer& peer) const {
  if (!isolated) return rehearse::everything();
  Traffic all;
  for (const auto& [scope, traffic] : wide)
    if (scope.holds(peer)) all += traffic;
  return all;
}

Traffic Scopes::own(const Scope& scope) const {
  Traffic rest = wide.at(scope);
  for (const auto& [other, traffic] : wide)
    if (is_wider(other, scope)) rest -= traffic;
  return rest;
}

Scopes scopes_of(const model::Cluster& cluster, const model::Pod& pod, Direction direction,
                 const std::vector<const model::NetworkPolicy*>& policies, const Namespaces& namespaces) {
  Scopes made;
  made.isolated = !policies.empty();
  for (const model::NetworkPolicy* policy : policies) {
    const auto& rules = policy->rules(direction);
    const std::string prefix = policy->name.to_text() + ":" + std::string(model::to_text(direction)) + "[";
    for (size_t i = 0; i < rules.size(); ++i)
      add_rule({policy, &rules[i], nullptr}, prefix + std::to_string(i) + "]",
               direction == Direction::kIngress ? &pod : nullptr,
               meant_by(cluster, rules[i], policy->name.ns, namespaces), made);
  }
  return made;
}

}  // namespace sluice::picture
