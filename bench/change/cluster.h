// Clusters to measure changes in: as large as asked, the same on every machine. Every object is a pure
// function of the size and its number, so that a change can be made of it without keeping it.
//
// Shape: namespaces of 100 pods: ten apps of ten replicas, every tenth app with a label of its own on each
// pod (as a StatefulSet sets); five roles; namespaces in twenty teams, and in cells of ten (1,000 pods).
// Policies go round the namespaces: every fifth selects the whole namespace, the others an app; peers are an
// app of the namespace, a role of a team, a role of all namespaces, blocks outside and around the pods; ports
// by number, range and name. Every twentieth pod leads a Service of its app with an EndpointSlice. Every
// tenth pod has an IPv6 address too.
//
// Laws: local pods are spread over the namespaces, so that policies of as many as possible count here. From
// 110 local pods on, every pod's address is told apart by some policy of this node. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/compile/compiler.h"

namespace sluice::bench {

struct Size {
  uint32_t pods = 0, policies = 0, local = 0, tiers = 0;  // tiers: ClusterNetworkPolicies
  bool operator==(const Size&) const = default;
};

inline constexpr uint32_t kPodsPerNamespace = 100;
inline constexpr uint32_t kApps = 10, kRoles = 5, kTeams = 20;
inline constexpr uint32_t kNamespacesPerCell = 10;  // 1,000 pods
inline constexpr char kNode[] = "node-0";           // where the local pods are

uint32_t namespaces(const Size& size);
std::string namespace_name(uint32_t number);
model::Namespace namespace_at(uint32_t number, uint32_t team);
inline uint32_t team_of(uint32_t number) {
  return number % kTeams;
}

// `number` may be size.pods or more: a pod that is not in the cluster yet.
model::Pod pod_at(const Size& size, uint32_t number);
uint32_t local_pod(const Size& size, uint32_t number);  // the number of the n-th local pod
bool is_local(const Size& size, uint32_t pod);
compile::LocalPod local_at(const Size& size, uint32_t number);

model::NetworkPolicy policy_at(const Size& size, uint32_t number);
// The largest that the API allows; its subject is a team.
model::ClusterNetworkPolicy cluster_policy_at(uint32_t number);
// What selects the pods of a cell of namespaces: 1,000 addresses.
model::Peer cell_peer(uint32_t cell);

// The slice of the Service that pod number `service * kPodsPerService` leads.
inline constexpr uint32_t kPodsPerService = 20;
model::Service service_at(const Size& size, uint32_t service);
model::EndpointSlice slice_at(const Size& size, uint32_t service);

struct World {
  Size size;
  std::vector<model::Change> objects;  // all, to be learnt at once
  std::vector<compile::LocalPod> locals;
};
World generate(const Size& size);

}  // namespace sluice::bench
