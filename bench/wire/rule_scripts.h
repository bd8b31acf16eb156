// The same flat rules in the languages of nft(8), iptables-restore(8) and ipset(8), each as its own community
// would have them: connections that are open are accepted first by conntrack, then the interface picks the
// pod's chain, a match returns, what is left is dropped. Pure; any thread.
//
//   nftables  verdict maps from interface to chain; a hash set of (address, protocol, port) a side, and an
//   interval
//             set where there are prefixes or port ranges
//   iptables  linear: one rule a peer and port
//   ipset     hash:ip,port a side, and hash:net,port where there are prefixes or ranges; rules that match
//   them.
//             A rule for every port of a protocol stays a rule
// Forwarded packets only: what a node and its own pods say to each other is always allowed (semantics 17).
#pragma once

#include <string>
#include <vector>

#include "bench/wire/flat_rules.h"

namespace sluice::bench::wire {

// The router's interface towards the pod with this index.
std::string router_interface(size_t pod);

std::string nftables_script(const std::vector<FlatPod>& pods);  // for nft -f
std::string iptables_script(const std::vector<FlatPod>& pods);  // for iptables-restore

struct IpsetScripts {
  std::string sets;   // for ipset restore, first
  std::string rules;  // for iptables-restore
};
IpsetScripts ipset_scripts(const std::vector<FlatPod>& pods);

}  // namespace sluice::bench::wire
