// Flat rules: what a packet filter can be told, one peer prefix and one port range a rule, for each side of
// each of the node's pods. From it the rules of nftables, iptables and ipset are written. Pure; any thread.
//
// Laws: a side's rules stand in the order of its policies' names, their rules, peers and ports. Selectors are
// looked up as in docs/semantics.md 9 to 14. What the flat form has no words for (excepts, named ports, rules
// without ports or peers, IPv6) is an error that names the policy, never left out.
#pragma once

#include <vector>

#include "agent/base/result.h"
#include "agent/model/cluster.h"

namespace sluice::bench::wire {

struct FlatRule {
  net::Cidr peer;
  net::Protocol protocol;
  net::PortRange ports;
  bool exact() const { return peer.length() == 32 && ports.first == ports.last; }
};

struct FlatSide {
  bool isolated = false;
  std::vector<FlatRule> allowed;
};

struct FlatPod {
  FlatSide ingress, egress;
  FlatSide& side(model::Direction d) { return d == model::Direction::kIngress ? ingress : egress; }
  const FlatSide& side(model::Direction d) const {
    return d == model::Direction::kIngress ? ingress : egress;
  }
};

// One for each of `pods`, in their order.
base::Result<std::vector<FlatPod>> flatten(const model::Cluster& cluster,
                                           const std::vector<model::Pod>& pods);

}  // namespace sluice::bench::wire
