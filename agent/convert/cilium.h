// CiliumNetworkPolicies, one by one: how each is written, and a rule of one as it is read: whom it matches, at which ports.
// Private to the room.
#pragma once

#include "agent/convert/addresses.h"
#include "agent/convert/output.h"

namespace sluice::convert {

using source::decode::Field;

inline constexpr std::string_view kCilium = "CiliumNetworkPolicy",
                                  kCiliumClusterwide = "CiliumClusterwideNetworkPolicy";
// What kept names begin with, up to their number (Form).
inline constexpr std::string_view kCiliumNames = "cnp.cilium.io.",
                                  kCiliumClusterwideNames = "ccnp.cilium.io.";

// Whom a rule matches: each of these, or everyone. Cilium's CIDRs, names and `world` are addresses that are no pod's and
// no node's (its documentation, "IP/CIDR based").
struct CiliumPeers {
  bool everyone = false;
  std::vector<model::PodsPeer> pods;
  std::vector<model::IpBlock> outside;
  std::vector<std::string> names;
  bool nodes = false;  // all but the pod's own
  bool own_node =
      false;  // which the engine always lets through, where a NetworkPolicy isolates (semantics 17)
  bool is_nobody() const {
    return !everyone && pods.empty() && outside.empty() && names.empty() && !nodes && !own_node;
  }
};

struct CiliumPorts {
  bool all = false;
  std::vector<model::PolicyPort> entries;  // sorted, unique
  bool is_none() const { return !all && entries.empty(); }
};

struct CiliumRule {
  CiliumPeers peers;
  CiliumPorts ports;
};

// The policy that a rule or selector stands in.
struct Scope {
  const std::string& object;  // as losses name it
  std::string ns;             // empty: clusterwide
  Output& output;
  // What cannot be said: `allow`: it is left out; of a deny rule that would open.
  void lose(const Field& field, std::string_view what, bool allow) const;
};

// Pods that a selector of endpoints matches; none, after a loss, where it asks for what is no label of pods or namespaces.
// `subject`: of the policy; others look into the policy's own namespace unless they say.
std::optional<model::PodsPeer> read_endpoint_selector(const Scope& scope, const Field& field, bool subject,
                                                      bool allow);

CiliumRule read_cilium_rule(const Scope& scope, const Field& field, model::Direction direction, bool allow);
CiliumPorts read_cilium_ports(const Scope& scope, const Field& rule, bool allow);

std::string namespace_of(const ForeignObject& object);  // empty: clusterwide
// Of the NetworkPolicy that isolates, and of a ClusterNetworkPolicy.
std::string name_of_isolation(const Scope& scope, const std::string& name);
std::string name_of_step(const Scope& scope, const std::string& name, const std::string& step);

// True where something is said of destinations outside: then cilium_pass() stands beside it, once for all objects.
bool convert_cilium_object(const ForeignObject& object, const Cluster& cluster, Output& output);
model::ClusterNetworkPolicy cilium_pass(const Form& form);
// In the place of an object that cannot be said: the pods that it selects are denied everything, as a ClusterNetworkPolicy
// with a rule that cannot be read does (semantics 62). Of a namespaced one whose selector cannot be read it is every
// pod of the namespace, of a clusterwide one nobody (as in semantics 40 and 65); where everything of it could be read,
// only in directions that it has rules for. True where it closes anybody.
bool close_cilium_object(const ForeignObject& object, const Cluster& cluster, bool was_read, Output& output);

}  // namespace sluice::convert
