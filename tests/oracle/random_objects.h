// Random Kubernetes objects, each drawn against the cluster so far so that they meet: few labels, few ports,
// addresses close to each other, CIDRs around addresses that exist. Used by random_cluster.h; tests want that
// one.
//
// Law: every object is one that the Kubernetes API accepts and that agent/source would decode to the same
// value.
#pragma once

#include <optional>
#include <vector>

#include "agent/model/cluster.h"
#include "tests/oracle/random.h"

namespace sluice::oracle {

// What the cluster's objects are drawn from.
inline const std::vector<std::string> kNamespaces = {"blue", "green", "red",
                                                     "unlisted"};  // the last has no object
inline const std::vector<std::string> kPortNames = {"dns", "http", "on"};
inline const std::vector<int> kPortNumbers = {1,    53,   79,   80,    81,    82,   443,
                                              8080, 8081, 8443, 30001, 65534, 65535};

net::Port random_port(Random& random);
net::Protocol random_port_protocol(Random& random);  // mostly TCP
model::Labels random_labels(Random& random);
model::LabelSelector random_selector(Random& random);

model::Node random_node(Random& random, const std::string& name, int index);
model::Namespace random_namespace(Random& random, const model::Cluster& cluster, const std::string& name);
model::Pod random_pod(Random& random, const model::Cluster& cluster, const model::ObjectName& name);
model::NetworkPolicy random_policy(Random& random, const model::Cluster& cluster,
                                   const model::ObjectName& name);
model::ClusterNetworkPolicy random_cluster_policy(Random& random, const model::Cluster& cluster,
                                                  const model::ObjectName& name);
// nullopt where the cluster's address plan is used up.
std::optional<model::Service> random_service(Random& random, const model::Cluster& cluster,
                                             const model::ObjectName& name);
// None, or one or two of each family of the Service.
std::vector<model::EndpointSlice> random_slices(Random& random, const model::Cluster& cluster,
                                                const model::Service& service);

// Addresses of the cluster's objects and some that are nobody's, in a fixed order; never empty.
std::vector<net::Ip> known_addresses(const model::Cluster& cluster);
// `base` plus `offset` in its last four bytes.
net::Ip address_at(const char* base, uint32_t offset);
// The neighbour `step` further (+1 or -1); wraps at the ends of the address space.
net::Ip neighbour(const net::Ip& ip, int step);
net::Ip last_address(const net::Cidr& cidr);

}  // namespace sluice::oracle
