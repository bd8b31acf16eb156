#include "agent/compile/endpoints_behind.h"

#include <algorithm>

namespace sluice::compile {
namespace {

using model::Pod;

// The first container port with the target's name and protocol.
std::optional<net::Port> target_port(const model::ServicePort& port,
                                     const std::vector<model::ContainerPort>& ports) {
  if (const auto* number = std::get_if<net::Port>(&port.target)) return *number;
  const auto& name = std::get<std::string>(port.target);
  auto found = std::find_if(ports.begin(), ports.end(), [&](const model::ContainerPort& candidate) {
    return candidate.name == name && candidate.protocol == port.protocol;
  });
  return found == ports.end() ? std::nullopt : std::optional(found->port);
}

// Its own address or, for a hostNetwork pod, its node's (semantics 22).
std::optional<net::Ip> reachable_at(const PodIndex& pods, const Pod& pod, net::Family family) {
  if (pod.phase == model::PodPhase::kSucceeded || pod.phase == model::PodPhase::kFailed) return std::nullopt;
  for (const net::Ip& ip : pod.host_network ? pod.ips : pods.owned_by(pod))
    if (ip.family() == family) return ip;
  return std::nullopt;
}

struct Choice {
  std::vector<BackendAddress> ready, leaving;

  void offer(const BackendAddress& at, bool is_ready, bool is_leaving) {
    if (is_ready) ready.push_back(at);
    if (is_leaving) leaving.push_back(at);
  }
  std::vector<BackendAddress> made() && { return std::move(ready.empty() ? leaving : ready); }
};

}  // namespace

std::vector<BackendAddress> endpoints_by_slices(const Slices& slices, const model::ServicePort& port,
                                                const EndpointScope& scope) {
  Choice choice;
  for (const model::EndpointSlice* slice : slices) {
    if (slice->family != scope.family) continue;
    auto found =
        std::find_if(slice->ports.begin(), slice->ports.end(), [&](const model::EndpointPort& candidate) {
          return candidate.name == port.name && candidate.protocol == port.protocol && candidate.port;
        });
    if (found == slice->ports.end()) continue;
    for (const model::Endpoint& endpoint : slice->endpoints) {
      // An endpoint's addresses are fungible; kube-proxy takes the first (EndpointSlice API).
      if (endpoint.addresses.empty() || !scope.has(endpoint.node_name)) continue;
      choice.offer({endpoint.addresses.front(), *found->port}, endpoint.ready,
                   endpoint.serving && endpoint.terminating);
    }
  }
  return std::move(choice).made();
}

std::vector<BackendAddress> endpoints_by_selector(PodIndex& pods, const model::Service& service,
                                                  const model::ServicePort& port,
                                                  const EndpointScope& scope) {
  Choice choice;
  pods.for_each_group_in(service.name.ns, [&](const Group& group) {
    if (!selects(service, group.key->labels)) return;
    auto target = target_port(port, group.key->ports);
    if (!target) return;
    for (const Pod* pod : group.members) {
      if (!scope.has(pod->node_name)) continue;
      if (auto ip = reachable_at(pods, *pod, scope.family))
        choice.offer({*ip, *target}, service.publish_not_ready || (pod->ready && !pod->terminating),
                     pod->ready && pod->terminating);
    }
  });
  return std::move(choice).made();
}

bool selects(const model::Service& service, const model::Labels& labels) {
  if (!service.selector || service.selector->empty()) return false;
  return std::all_of(service.selector->begin(), service.selector->end(), [&](const auto& wanted) {
    auto label = labels.find(wanted.first);
    return label != labels.end() && label->second == wanted.second;
  });
}

}  // namespace sluice::compile
