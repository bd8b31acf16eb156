// ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2) as plain values: the admin tiers (semantics 41 to 72). As
// objects.h: decoders make them valid, nothing here checks again.
//
// Law: a rule in which something could not be read closes (semantics 62): it is kAccept and matches nothing, or
// kDeny and matches every peer and protocol. Its peers and protocols are then empty, and mean nothing.
#pragma once

#include "agent/model/objects.h"

namespace sluice::model {

enum class Tier : uint8_t { kAdmin = 0, kBaseline = 1 };
inline constexpr Tier kTiers[] = {Tier::kAdmin, Tier::kBaseline};
std::string_view to_text(Tier tier);  // "Admin", "Baseline"

enum class Action : uint8_t { kAccept, kDeny, kPass };
std::string_view to_text(Action action);  // "Accept", "Deny", "Pass"

// Pods that take part: both selectors match. `namespaces: S` is {S, everything}.
struct PodsPeer {
  LabelSelector namespaces, pods;
  auto operator<=>(const PodsPeer&) const = default;
};

// The addresses of the matching nodes (semantics 52).
struct NodesPeer {
  LabelSelector nodes;
  auto operator<=>(const NodesPeer&) const = default;
};

struct NetworksPeer {
  SharedList<net::Cidr> cidrs;  // sorted, unique
  auto operator<=>(const NetworksPeer&) const = default;
};

// The addresses that are known by these names (semantics 73 to 75), of destinations alone.
struct DomainNamesPeer {
  std::vector<std::string> names;  // small letters, without the dot at the end; sorted, unique
  auto operator<=>(const DomainNamesPeer&) const = default;
};

using ClusterPeer = std::variant<PodsPeer, NodesPeer, NetworksPeer, DomainNamesPeer>;

struct ProtocolPorts {
  net::Protocol protocol = net::kTcp;  // one that has ports
  net::PortRange ports = net::PortRange::all();
  auto operator<=>(const ProtocolPorts&) const = default;
};

// A container port of the destination pod by its name, of whatever protocol it has (semantics 58).
struct NamedPort {
  std::string name;
  auto operator<=>(const NamedPort&) const = default;
};

using ClusterProtocol = std::variant<ProtocolPorts, NamedPort>;
using ClusterProtocols = SharedList<ClusterProtocol>;

struct ClusterRule {
  std::string name;  // for people; may be empty
  Action action = Action::kAccept;
  bool closed = false;             // the law above
  std::vector<ClusterPeer> peers;  // never empty unless closed
  ClusterProtocols protocols;      // none: every protocol
  auto operator<=>(const ClusterRule&) const = default;
};

struct ClusterNetworkPolicy {
  ObjectName name;  // ns empty
  Tier tier = Tier::kAdmin;
  uint32_t priority = 0;  // 0 comes first; of equal ones the name decides (semantics 43)
  PodsPeer subject;
  std::vector<ClusterRule> ingress, egress;  // in the order of the object; a rule's index names it to users
  std::string active;  // sluice.dev/active, an expression that can be read; empty: always in force
  bool operator==(const ClusterNetworkPolicy&) const = default;

  const std::vector<ClusterRule>& rules(Direction d) const {
    return d == Direction::kIngress ? ingress : egress;
  }
};

}  // namespace sluice::model
