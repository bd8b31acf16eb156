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

}  // namespace

std::vector<BackendAddress> endpoints_by_slices(const Slices& slices, const model::ServicePort& port,
                                                net::Family family) {
  std::vector<BackendAddress> ready, leaving;
  for (const model::EndpointSlice* slice : slices) {
    if (slice->family != family) continue;
    auto found =
        std::find_if(slice->ports.begin(), slice->ports.end(), [&](const model::EndpointPort& candidate) {
          return candidate.name == port.name && candidate.protocol == port.protocol && candidate.port;
        });
    if (found == slice->ports.end()) continue;
    for (const model::Endpoint& endpoint : slice->endpoints) {
      // An endpoint's addresses are fungible; kube-proxy takes the first (EndpointSlice API).
      if (endpoint.addresses.empty()) continue;
      if (endpoint.ready) ready.emplace_back(endpoint.addresses.front(), *found->port);
      if (endpoint.serving && endpoint.terminating)
        leaving.emplace_back(endpoint.addresses.front(), *found->port);
    }
  }
  return ready.empty() ? leaving : ready;
}

std::vector<BackendAddress> endpoints_by_selector(PodIndex& pods, const model::Service& service,
                                                  const model::ServicePort& port, net::Family family) {
  std::vector<BackendAddress> endpoints;
  pods.for_each_group_in(service.name.ns, [&](const Group& group) {
    if (!selects(service, group.key->labels)) return;
    auto target = target_port(port, group.key->ports);
    if (!target) return;
    for (const Pod* pod : group.members)
      if (auto ip = pod->ready ? reachable_at(pods, *pod, family) : std::nullopt)
        endpoints.emplace_back(*ip, *target);
  });
  return endpoints;
}

bool selects(const model::Service& service, const model::Labels& labels) {
  if (!service.selector || service.selector->empty()) return false;
  return std::all_of(service.selector->begin(), service.selector->end(), [&](const auto& wanted) {
    auto label = labels.find(wanted.first);
    return label != labels.end() && label->second == wanted.second;
  });
}

}  // namespace sluice::compile
