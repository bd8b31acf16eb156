// Frontends: each address and port at which a Service answers, and the endpoints behind it.
//
// Laws: headless Services have none. After settle(), endpoints_of(key) are those of every Service that claims
// the key (the API server lets no two claim one; should files do, all their endpoints must be allowed).
// Services and slices are known by their place in model::Cluster; …_goes() must come before the Cluster drops
// one. Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/compile/endpoints_behind.h"

namespace sluice::compile {

using image::ServiceKey;

class Frontends {
 public:
  Frontends(const model::Cluster& cluster, PodIndex& pods) : cluster_(cluster), pods_(pods) {}

  void service_changed(const model::Service& service) { stale_.insert(service.name); }
  void service_goes(const model::Service& service);
  void slice_changed(const model::EndpointSlice& slice);
  void slice_goes(const model::EndpointSlice& slice);
  // A pod's labels, readiness, phase or addresses: before it changes and after it has.
  void pod_changed(const model::Pod& pod);

  // The keys whose endpoints may have changed, those that are gone included.
  std::set<ServiceKey> settle();

  bool is_claimed(const ServiceKey& key) const { return claims_.contains(key); }
  // nullopt where no Service claims the key.
  std::optional<std::set<BackendAddress>> endpoints_of(const ServiceKey& key) const;
  // Keys with an endpoint at this address.
  void collect_reaching(const net::Ip& ip, std::set<ServiceKey>& keys) const;
  // Keys at this address itself.
  void collect_at(const net::Ip& ip, std::set<ServiceKey>& keys) const;
  void collect_node_ports(std::set<ServiceKey>& keys) const;
  // Endpoint addresses that are in use, for PrefixTree::for_each_in.
  const std::map<net::Ip, std::set<const model::Service*>>& by_endpoint() const { return by_endpoint_; }

 private:
  // One port of a Service, for one family.
  struct Port {
    std::set<ServiceKey> keys;
    std::vector<BackendAddress> endpoints;
  };
  void retract(const model::Service& service, std::set<ServiceKey>& changed);
  void state(const model::Service& service, std::set<ServiceKey>& changed);
  std::vector<BackendAddress> endpoints_behind(const model::Service& service, const model::ServicePort& port,
                                               net::Family family);

  const model::Cluster& cluster_;
  PodIndex& pods_;
  std::set<model::ObjectName> stale_;
  std::set<ServiceKey> gone_;
  std::map<model::ObjectName, Slices> slices_;  // by Service
  std::unordered_map<const model::EndpointSlice*, model::ObjectName> service_of_;
  std::unordered_map<const model::Service*, std::vector<Port>> stated_;
  std::map<ServiceKey, std::set<std::pair<const model::Service*, size_t>>> claims_;  // -> place in stated_
  std::map<net::Ip, std::set<const model::Service*>> by_endpoint_;
};

}  // namespace sluice::compile
