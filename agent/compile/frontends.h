// Frontends: each address and port that this node rewrites, and the endpoints behind it: those of
// Services and those of its own pods' host ports (semantics 21).
//
// Laws:
//  1. Headless Services have none.
//  2. After refresh(), endpoints_of(key) are those of everyone who claims the key. The API server
//     lets no two Services claim one, and the scheduler no two pods; should files do so, all
//     their endpoints must be allowed.
//  3. Services, slices and pods are known by their place in model::Cluster; …_goes() must come
//     before the Cluster drops one.
//
// Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "agent/compile/endpoints_behind.h"

namespace sluice::compile {

using image::ServiceKey;

class Frontends {
 public:
  // `node_name`: this node's, empty where it has none.
  Frontends(const model::Cluster& cluster, PodIndex& pods, const std::string& node_name)
      : cluster_(cluster), pods_(pods), node_name_(node_name) {}

  void service_changed(const model::Service& service) { stale_.insert(service.name); }
  void service_goes(const model::Service& service);
  void slice_changed(const model::EndpointSlice& slice);
  void slice_goes(const model::EndpointSlice& slice);
  // Call it twice where a pod's labels, readiness, phase, node, host ports or addresses change: before the change and
  // after it.
  void pod_changed(const model::Pod& pod);
  void pod_goes(const model::Pod& pod);
  // The part of pod_changed() that is due for a pod that was known before the Services were.
  void host_ports_changed(const model::Pod& pod);

  // The keys whose endpoints may have changed, those that are gone included.
  std::set<ServiceKey> refresh();

  bool is_claimed(const ServiceKey& key) const { return claims_.contains(key); }
  // nullopt where nobody claims the key. Host ports count only where `at_node` is true: the key's address is one of
  // this node's, or the key has none.
  std::optional<std::set<BackendAddress>> endpoints_of(const ServiceKey& key, bool at_node) const;
  // Keys with an endpoint at this address.
  void collect_reaching(const net::Ip& ip, std::set<ServiceKey>& keys) const;
  // Keys at this address itself.
  void collect_at(const net::Ip& ip, std::set<ServiceKey>& keys) const;
  void collect_node_ports(std::set<ServiceKey>& keys) const;
  void collect_all(std::set<ServiceKey>& keys) const;

  using Claimant = std::variant<const model::Service*, const model::Pod*>;
  // Endpoint addresses that are in use, for PrefixTree::for_each_in.
  const std::map<net::Ip, std::set<Claimant>>& by_endpoint() const { return by_endpoint_; }

 private:
  // One port of a Service for one family, at those addresses that have the same endpoints; or a host port.
  struct Port {
    std::set<ServiceKey> keys;
    std::vector<BackendAddress> endpoints;
  };
  void retract(const Claimant& claimant, std::set<ServiceKey>& changed);
  void state(const model::Service& service, std::set<ServiceKey>& changed);
  void state(const model::Pod& pod, std::set<ServiceKey>& changed);
  void claim(const Claimant& claimant, Port port, std::set<ServiceKey>& changed);
  bool has_host_ports(const model::Pod& pod) const;
  std::vector<BackendAddress> endpoints_behind(const model::Service& service, const model::ServicePort& port,
                                               const EndpointScope& scope);

  const model::Cluster& cluster_;
  PodIndex& pods_;
  const std::string& node_name_;
  std::set<model::ObjectName> stale_, stale_pods_;
  std::set<ServiceKey> gone_;
  std::map<model::ObjectName, Slices> slices_;  // by Service
  std::unordered_map<const model::EndpointSlice*, model::ObjectName> service_of_;
  std::unordered_map<Claimant, std::vector<Port>> stated_;
  std::map<ServiceKey, std::set<std::pair<Claimant, size_t>>> claims_;  // -> place in stated_
  std::map<net::Ip, std::set<Claimant>> by_endpoint_;
};

}  // namespace sluice::compile
