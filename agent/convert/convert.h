// convert(): what the policies of others say of addresses, protocols, ports and names, as NetworkPolicies and
// ClusterNetworkPolicies that mean the same. docs/moving.md tells it to people.
//
// Laws:
//  1. Where there is no loss, the objects give the verdict of the source's own semantics.
//  2. With losses they allow less than the source, never more. A loss that would open something, were it passed over,
//     is marked `opens`: there is no result then.
//  3. A field that is not known may mean anything: its object is a problem, and there is no result.
//  4. The same input gives the same objects, in the same order.
//
// What differs whatever the policies say (semantics 17, 18 and 21: a pod and its own node, a pod and itself, a Service's own
// address) is no loss; docs/moving.md names it.
//
// Pure; any thread. Sources: policy.networking.k8s.io/v1alpha1; Cilium's documentation, "Network Policy"; Calico's
// reference, "Network policy", "Global network policy", "Tier", "Network set".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/model/cluster.h"

namespace sluice::convert {

enum class Dialect : uint8_t { kCilium, kCalico, kV1alpha1 };
inline constexpr std::pair<std::string_view, Dialect> kDialects[] = {
    {"cilium", Dialect::kCilium}, {"calico", Dialect::kCalico}, {"v1alpha1", Dialect::kV1alpha1}};

// What of an object cannot be said.
struct Loss {
  std::string object,
      field;         // "CiliumNetworkPolicy shop/web", "spec.egress[0].toPorts[1].rules"; no field: all of it
  std::string what;  // why not, and how to mend it
  std::string done;  // what stands in its place
  bool opens = false;  // law 2
  std::string to_text() const;
};

struct Conversion {
  std::vector<model::Object> objects;  // NetworkPolicies, then ClusterNetworkPolicies, by name
  std::vector<Loss> losses;
  std::vector<std::string> problems;  // one line each: what cannot be read
  std::vector<std::string> remarks;   // one line each: what there is to know of the objects
  // May the objects be used?
  bool holds(bool lossy) const;
};

// `cluster`: all prefixes of the cluster's pods (none: they are not known), beside the addresses of Nodes and Pods in the input.
Conversion convert(std::string_view bytes, const std::string& origin, Dialect dialect,
                   const std::vector<net::Cidr>& cluster);

}  // namespace sluice::convert
