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
                                  const std::string& own, const std::set<std::string>& whole,
                                  const std::vector<std::string>& namespaces) {
  if (const auto* block = std::get_if<model::IpBlock>(&peer)) {
    if (block->cidr.length() != 0 || !block->except.empty()) return {};
    return {{block->cidr.family() == net::Family::kIpv4 ? Scope::kAnyoneIpv4 : Scope::kAnyoneIpv6}};
  }
  const auto& selectors = std::get<model::SelectorPeer>(peer);
  const auto all = whole_namespaces(cluster, selectors, own, namespaces);
  if (!all) return {};
  if (selectors.namespace_selector && selectors.namespace_selector->requirements.empty())
    return {{Scope::kEveryPod}};
  std::vector<Scope> scopes;
  for (const std::string& ns : *all) {
    if (!whole.contains(ns)) return {};
    scopes.push_back({Scope::kEveryPodOf, ns});
  }
  return scopes;
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
                 const std::vector<const model::NetworkPolicy*>& policies, const std::set<std::string>& whole,
                 const std::vector<std::string>& namespaces) {
  Scopes made;
  made.isolated = !policies.empty();
  for (const model::NetworkPolicy* policy : policies) {
    const auto& rules = policy->rules(direction);
    for (size_t i = 0; i < rules.size(); ++i) {
      const model::Rule& rule = rules[i];
      const std::string name = policy->name.to_text() + ":" + std::string(model::to_text(direction)) + "[" +
                               std::to_string(i) + "]";
      // A name is a port of the destination's: of the pod itself, or of each peer another.
      const bool own_ports = direction == Direction::kIngress || !names_a_port(rule);
      const auto add = [&](const Scope& scope) {
        made.wide[scope] +=
            rehearse::traffic_of(rule.ports, direction == Direction::kIngress ? &pod : nullptr);
        made.rules[scope].insert(name);
      };
      if (rule.peers.empty()) {
        if (own_ports)
          add({Scope::kAnyone});
        else
          made.narrow.push_back({policy, &rule, nullptr});
      }
      for (const model::Peer& peer : rule.peers) {
        const auto scopes = own_ports ? scopes_of_peer(cluster, peer, policy->name.ns, whole, namespaces)
                                      : std::vector<Scope>{};
        for (const Scope& scope : scopes) add(scope);
        if (scopes.empty()) made.narrow.push_back({policy, &rule, &peer});
      }
    }
  }
  return made;
}

}  // namespace sluice::picture
