#include "agent/view/slices.h"

#include <algorithm>

namespace sluice::view {

using model::ObjectName;

namespace {

const SliceTable::Names kNobody;

template <typename Map, typename Key>
const SliceTable::Names& names_in(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? kNobody : found->second;
}

}  // namespace

void SliceTable::set(const ObjectName& name, const model::EndpointSlice* slice) {
  if (const auto before = slices_.find(name); before != slices_.end()) {
    const ObjectName& service = before->second.service;
    for (const net::Ip& ip : before->second.ips) {
      auto& counts = counts_[ip];
      if (--counts[service] > 0) continue;
      counts.erase(service);
      by_ip_[ip].erase(service);
      if (!counts.empty()) continue;
      counts_.erase(ip);
      by_ip_.erase(ip);
    }
    if (Names& names = by_service_[service]; names.erase(name) > 0 && names.empty())
      by_service_.erase(service);
    slices_.erase(before);
  }
  if (slice == nullptr) return;
  Slice& now = slices_[name];
  now.service = {name.ns, slice->service};
  for (const model::Endpoint& endpoint : slice->endpoints)
    now.ips.insert(endpoint.addresses.begin(), endpoint.addresses.end());
  for (const model::EndpointPort& port : slice->ports)
    if (port.port) now.ports.push_back({port.protocol, {*port.port, *port.port}});
  by_service_[now.service].insert(name);
  for (const net::Ip& ip : now.ips)
    if (counts_[ip][now.service]++ == 0) by_ip_[ip].insert(now.service);
}

ObjectName SliceTable::service_of(const ObjectName& slice) const {
  const auto found = slices_.find(slice);
  return found == slices_.end() ? ObjectName() : found->second.service;
}

const SliceTable::Names& SliceTable::of_service(const ObjectName& service) const {
  return names_in(by_service_, service);
}
const SliceTable::Names& SliceTable::services_at(const net::Ip& ip) const {
  return names_in(by_ip_, ip);
}

std::set<net::Ip> SliceTable::addresses_of(const ObjectName& service) const {
  std::set<net::Ip> all;
  for (const ObjectName& name : of_service(service)) {
    const Slice& slice = slices_.at(name);
    all.insert(slice.ips.begin(), slice.ips.end());
  }
  return all;
}

bool SliceTable::has_port(const Slice& slice, const std::set<PortsKey>& ports) {
  return std::ranges::any_of(slice.ports, [&](const PortsKey& own) {
    return std::ranges::any_of(ports, [&](const PortsKey& asked) {
      return own.protocol == asked.protocol && asked.ports.first <= own.ports.first &&
             own.ports.first <= asked.ports.last;
    });
  });
}

bool SliceTable::has_port(const ObjectName& service, const std::set<PortsKey>& ports) const {
  return !ports.empty() && std::ranges::any_of(of_service(service), [&](const ObjectName& name) {
    return has_port(slices_.at(name), ports);
  });
}

SliceTable::Names SliceTable::services_with_port(const std::set<PortsKey>& ports) const {
  Names found;
  if (ports.empty()) return found;
  for (const auto& [name, slice] : slices_)
    if (has_port(slice, ports)) found.insert(slice.service);
  return found;
}

SliceTable::Names SliceTable::all() const {
  Names found;
  for (const auto& [name, slice] : slices_) found.insert(name);
  return found;
}

}  // namespace sluice::view
