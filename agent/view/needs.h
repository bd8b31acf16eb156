// PolicyNeeds: which objects a policy's verdicts depend on besides the policy itself (semantics 9 to 16, 48 to 58).
//
// Law: a pod that none of it names is, for the policy, what an address that is nobody's is.
//
// Pure; any thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/model/cluster.h"

namespace sluice::view {

// Pods of one namespace, or of those that match.
struct PodsKey {
  std::optional<std::string> ns;
  model::LabelSelector namespaces;  // where `ns` is absent
  model::LabelSelector pods;
  auto operator<=>(const PodsKey&) const = default;
};

// Ports of a protocol.
struct PortsKey {
  net::Protocol protocol = net::kTcp;
  net::PortRange ports = net::PortRange::all();
  auto operator<=>(const PortsKey&) const = default;
};

struct PolicyNeeds {
  PodsKey subject;                          // whom it is for
  std::set<PodsKey> pods;                   // whom its peers name
  std::set<std::string> port_names;         // any pod may be the destination that has one of these
  std::vector<model::LabelSelector> nodes;  // whose addresses its peers name
  bool egress = false;                      // it judges what its pods send: Services count
  // Whose endpoints: those at these ports, whichever they are; or, where a peer is some addresses, all. Those of pods that
  // peers name count anyway.
  std::set<PortsKey> endpoint_ports;
  bool every_endpoint = false;
  bool operator==(const PolicyNeeds&) const = default;
};

PolicyNeeds needs_of(const model::NetworkPolicy& policy);
PolicyNeeds needs_of(const model::ClusterNetworkPolicy& policy);

// Does one of the selectors match the labels?
bool matches_one(const std::set<model::LabelSelector>& selectors, const model::Labels& labels);

}  // namespace sluice::view
