// A rule of a CiliumNetworkPolicy as it is read: whom it matches, at which ports. Private to the room.
#pragma once

#include "agent/convert/addresses.h"
#include "agent/convert/output.h"

namespace sluice::convert {

using source::decode::Field;

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

}  // namespace sluice::convert
