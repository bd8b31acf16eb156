// SliceTable: every EndpointSlice of the cluster as NodeViews needs it: of which Service, at which addresses and ports.
//
// One thread.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "agent/view/needs.h"

namespace sluice::view {

class SliceTable {
 public:
  using Names = std::set<model::ObjectName>;

  // nullptr: it is gone.
  void set(const model::ObjectName& name, const model::EndpointSlice* slice);

  bool contains(const model::ObjectName& slice) const { return slices_.contains(slice); }
  // Empty: it is not there.
  model::ObjectName service_of(const model::ObjectName& slice) const;
  const Names& of_service(const model::ObjectName& service) const;
  // Services with an endpoint at that address.
  const Names& services_at(const net::Ip& ip) const;
  std::set<net::Ip> addresses_of(const model::ObjectName& service) const;
  // Has the Service an endpoint's port in one of them?
  bool has_port(const model::ObjectName& service, const std::set<PortsKey>& ports) const;
  Names services_with_port(const std::set<PortsKey>& ports) const;
  Names all() const;

 private:
  struct Slice {
    model::ObjectName service;
    std::set<net::Ip> ips;
    std::vector<PortsKey> ports;
  };
  static bool has_port(const Slice& slice, const std::set<PortsKey>& ports);

  std::map<model::ObjectName, Slice> slices_;
  std::map<model::ObjectName, Names> by_service_;
  std::map<net::Ip, std::map<model::ObjectName, size_t>> counts_;  // slices of a Service at an address
  std::map<net::Ip, Names> by_ip_;
};

}  // namespace sluice::view
