#include "agent/compile/frontends.h"

#include <algorithm>

namespace sluice::compile {

using model::Service;

namespace {

net::Ip any_address(net::Family family) {
  return net::Cidr::everything(family).base();
}

std::set<ServiceKey> keys_of(const Service& service, const model::ServicePort& port, net::Family family) {
  std::set<ServiceKey> keys;
  for (const net::Ip& ip : service.addresses)
    if (ip.family() == family) keys.insert({false, ip, port.protocol, port.port});
  bool answers =
      std::find(service.families.begin(), service.families.end(), family) != service.families.end();
  if (port.node_port && answers) keys.insert({true, any_address(family), port.protocol, *port.node_port});
  return keys;
}

}  // namespace

void Frontends::service_goes(const Service& service) {
  retract(service, gone_);
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
}

std::set<ServiceKey> Frontends::settle() {
  std::set<ServiceKey> changed = std::exchange(gone_, {});
  for (const model::ObjectName& name : std::exchange(stale_, {})) {
    auto service = cluster_.services.find(name);
    if (service == cluster_.services.end()) continue;
    retract(service->second, changed);
    state(service->second, changed);
  }
  return changed;
}

std::optional<std::set<BackendAddress>> Frontends::endpoints_of(const ServiceKey& key) const {
  auto claims = claims_.find(key);
  if (claims == claims_.end()) return std::nullopt;
  std::set<BackendAddress> endpoints;
  for (const auto& [service, index] : claims->second) {
    const auto& found = stated_.at(service)[index].endpoints;
    endpoints.insert(found.begin(), found.end());
  }
  return endpoints;
}

void Frontends::collect_reaching(const net::Ip& ip, std::set<ServiceKey>& keys) const {
  auto services = by_endpoint_.find(ip);
  if (services == by_endpoint_.end()) return;
  for (const Service* service : services->second)
    for (const Port& port : stated_.at(service)) keys.insert(port.keys.begin(), port.keys.end());
}

void Frontends::collect_at(const net::Ip& ip, std::set<ServiceKey>& keys) const {
  for (auto at = claims_.lower_bound({false, ip, {}, {}});
       at != claims_.end() && !at->first.node_port && at->first.address == ip; ++at)
    keys.insert(at->first);
}

void Frontends::collect_node_ports(std::set<ServiceKey>& keys) const {
  for (auto at = claims_.lower_bound({true, {}, {}, {}}); at != claims_.end(); ++at) keys.insert(at->first);
}

void Frontends::retract(const Service& service, std::set<ServiceKey>& changed) {
  auto stated = stated_.find(&service);
  if (stated == stated_.end()) return;
  for (size_t i = 0; i < stated->second.size(); ++i) {
    for (const ServiceKey& key : stated->second[i].keys) {
      auto claims = claims_.find(key);
      claims->second.erase({&service, i});
      if (claims->second.empty()) claims_.erase(claims);
      changed.insert(key);
    }
    for (const auto& [ip, port] : stated->second[i].endpoints) {
      auto at = by_endpoint_.find(ip);
      if (at == by_endpoint_.end()) continue;
      at->second.erase(&service);
      if (at->second.empty()) by_endpoint_.erase(at);
    }
  }
  stated_.erase(stated);
}

void Frontends::state(const Service& service, std::set<ServiceKey>& changed) {
  if (service.headless) return;
  std::vector<Port>& ports = stated_[&service];
  for (const model::ServicePort& entry : service.ports) {
    for (net::Family family : {net::Family::kIpv4, net::Family::kIpv6}) {
      Port port{keys_of(service, entry, family), {}};
      if (port.keys.empty()) continue;
      port.endpoints = endpoints_behind(service, entry, family);
      for (const auto& [ip, number] : port.endpoints) by_endpoint_[ip].insert(&service);
      for (const ServiceKey& key : port.keys) claims_[key].emplace(&service, ports.size());
      changed.insert(port.keys.begin(), port.keys.end());
      ports.push_back(std::move(port));
    }
  }
}

std::vector<BackendAddress> Frontends::endpoints_behind(const Service& service,
                                                        const model::ServicePort& port, net::Family family) {
  if (auto slices = slices_.find(service.name); slices != slices_.end())
    return endpoints_by_slices(slices->second, port, family);
  return endpoints_by_selector(pods_, service, port, family);
}

}  // namespace sluice::compile
