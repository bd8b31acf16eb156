#include "agent/compile/frontends.h"

#include <algorithm>

namespace sluice::compile {

using model::Service;

namespace {

net::Ip any_address(net::Family family) {
  return net::Cidr::everything(family).base();
}

bool contains(const auto& list, const auto& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Those of the Service's port behind which the endpoints of that scope stand.
std::set<ServiceKey> keys_of(const Service& service, const model::ServicePort& port,
                             const EndpointScope& scope) {
  const bool local = scope.node.has_value();
  std::set<ServiceKey> keys;
  for (const net::Ip& ip : service.addresses)
    if (ip.family() == scope.family && contains(service.local_addresses, ip) == local)
      keys.insert({false, ip, port.protocol, port.port});
  if (port.node_port && !local && contains(service.families, scope.family))
    keys.insert({true, any_address(scope.family), port.protocol, *port.node_port});
  return keys;
}

}  // namespace

void Frontends::service_goes(const Service& service) {
  retract(&service, gone_);
  stale_.erase(service.name);
}

void Frontends::slice_changed(const model::EndpointSlice& slice) {
  slice_goes(slice);
  if (slice.service.empty()) return;
  const model::ObjectName service{slice.name.ns, slice.service};
  service_of_[&slice] = service;
  slices_[service].insert(&slice);
  stale_.insert(service);
}

void Frontends::slice_goes(const model::EndpointSlice& slice) {
  auto known = service_of_.find(&slice);
  if (known == service_of_.end()) return;
  auto slices = slices_.find(known->second);
  slices->second.erase(&slice);
  if (slices->second.empty()) slices_.erase(slices);
  stale_.insert(known->second);
  service_of_.erase(known);
}

void Frontends::pod_changed(const model::Pod& pod) {
  const auto& services = cluster_.services;
  for (auto at = services.lower_bound({pod.name.ns, ""}); at != services.end() && at->first.ns == pod.name.ns;
       ++at)
    if (selects(at->second, pod.labels) && !slices_.contains(at->first)) stale_.insert(at->first);
  host_ports_changed(pod);
}

void Frontends::pod_goes(const model::Pod& pod) {
  pod_changed(pod);
  stale_pods_.erase(pod.name);
  retract(&pod, gone_);
}

void Frontends::host_ports_changed(const model::Pod& pod) {
  if (has_host_ports(pod) || stated_.contains(&pod)) stale_pods_.insert(pod.name);
}

bool Frontends::has_host_ports(const model::Pod& pod) const {
  return !pod.host_ports.empty() && !node_name_.empty() && pod.node_name == node_name_;
}

std::set<ServiceKey> Frontends::refresh() {
  std::set<ServiceKey> changed = std::exchange(gone_, {});
  for (const model::ObjectName& name : std::exchange(stale_, {})) {
    auto service = cluster_.services.find(name);
    if (service == cluster_.services.end()) continue;
    retract(&service->second, changed);
    state(service->second, changed);
  }
  for (const model::ObjectName& name : std::exchange(stale_pods_, {})) {
    auto pod = cluster_.pods.find(name);
    if (pod == cluster_.pods.end()) continue;
    retract(&pod->second, changed);
    state(pod->second, changed);
  }
  return changed;
}

std::optional<std::set<BackendAddress>> Frontends::endpoints_of(const ServiceKey& key, bool at_node) const {
  auto claims = claims_.find(key);
  if (claims == claims_.end()) return std::nullopt;
  std::optional<std::set<BackendAddress>> endpoints;
  for (const auto& [claimant, index] : claims->second) {
    if (std::holds_alternative<const model::Pod*>(claimant) && !at_node) continue;
    if (!endpoints) endpoints.emplace();
    const auto& found = stated_.at(claimant)[index].endpoints;
    endpoints->insert(found.begin(), found.end());
  }
  return endpoints;
}

void Frontends::collect_reaching(const net::Ip& ip, std::set<ServiceKey>& keys) const {
  auto claimants = by_endpoint_.find(ip);
  if (claimants == by_endpoint_.end()) return;
  for (const Claimant& claimant : claimants->second)
    for (const Port& port : stated_.at(claimant)) keys.insert(port.keys.begin(), port.keys.end());
}

void Frontends::collect_at(const net::Ip& ip, std::set<ServiceKey>& keys) const {
  for (auto at = claims_.lower_bound({false, ip, {}, {}});
       at != claims_.end() && !at->first.node_port && at->first.address == ip; ++at)
    keys.insert(at->first);
}

void Frontends::collect_node_ports(std::set<ServiceKey>& keys) const {
  for (auto at = claims_.lower_bound({true, {}, {}, {}}); at != claims_.end(); ++at) keys.insert(at->first);
}

void Frontends::collect_all(std::set<ServiceKey>& keys) const {
  for (const auto& [key, claimants] : claims_) keys.insert(key);
}

void Frontends::retract(const Claimant& claimant, std::set<ServiceKey>& changed) {
  auto stated = stated_.find(claimant);
  if (stated == stated_.end()) return;
  for (size_t i = 0; i < stated->second.size(); ++i) {
    for (const ServiceKey& key : stated->second[i].keys) {
      auto claims = claims_.find(key);
      claims->second.erase({claimant, i});
      if (claims->second.empty()) claims_.erase(claims);
      changed.insert(key);
    }
    for (const auto& [ip, port] : stated->second[i].endpoints) {
      auto at = by_endpoint_.find(ip);
      if (at == by_endpoint_.end()) continue;
      at->second.erase(claimant);
      if (at->second.empty()) by_endpoint_.erase(at);
    }
  }
  stated_.erase(stated);
}

void Frontends::state(const Service& service, std::set<ServiceKey>& changed) {
  if (service.headless) return;
  for (const model::ServicePort& entry : service.ports)
    for (net::Family family : {net::Family::kIpv4, net::Family::kIpv6})
      for (const EndpointScope& scope :
           {EndpointScope{family, std::nullopt}, EndpointScope{family, node_name_}})
        if (auto keys = keys_of(service, entry, scope); !keys.empty())
          claim(&service, {std::move(keys), endpoints_behind(service, entry, scope)}, changed);
}

void Frontends::state(const model::Pod& pod, std::set<ServiceKey>& changed) {
  if (!has_host_ports(pod)) return;
  for (const net::Ip& ip : pods_.owned_by(pod)) {
    const net::Ip any = any_address(ip.family());
    for (const model::HostPort& port : pod.host_ports) {
      const net::Ip at = port.ip.value_or(any);
      if (at.family() == ip.family())
        claim(&pod, {{{at == any, at, port.protocol, port.port}}, {{ip, port.target}}}, changed);
    }
  }
}

void Frontends::claim(const Claimant& claimant, Port port, std::set<ServiceKey>& changed) {
  std::vector<Port>& ports = stated_[claimant];
  for (const auto& [ip, number] : port.endpoints) by_endpoint_[ip].insert(claimant);
  for (const ServiceKey& key : port.keys) claims_[key].emplace(claimant, ports.size());
  changed.insert(port.keys.begin(), port.keys.end());
  ports.push_back(std::move(port));
}

std::vector<BackendAddress> Frontends::endpoints_behind(const Service& service,
                                                        const model::ServicePort& port,
                                                        const EndpointScope& scope) {
  if (auto slices = slices_.find(service.name); slices != slices_.end())
    return endpoints_by_slices(slices->second, port, scope);
  return endpoints_by_selector(pods_, service, port, scope);
}

}  // namespace sluice::compile
