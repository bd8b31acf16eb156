// Gate: a pod's network namespace that passes no packet, from before it has an interface until
// its policy is in force.
//
// Laws:
//  1. A closed namespace takes and sends no IP packet of any kind, whatever interfaces come.
//     Excepted are IPv6 neighbour and listener discovery (ICMPv6 130-137 and 143), as policies
//     never concern these, and ARP, which is no IP.
//  2. A packet that the gate drops reaches no socket and is answered by nothing.
//  3. Closing and opening are atomic, and each may be repeated.
//  4. The gate is a table of nftables, `inet sluice-gate`, inside the namespace: it goes with it,
//     and `nft list ruleset` there shows it. Who has CAP_NET_ADMIN there can make and undo one.
//
// Needs CAP_NET_ADMIN and CAP_SYS_ADMIN, and nf_tables in the kernel. Any thread. Source:
// linux/netfilter/nf_tables.h, nft(8).
#pragma once

#include "agent/base/result.h"
#include "agent/endpoint/netns.h"

namespace sluice::endpoint {

base::Status close_gate(const Netns& netns);
// A namespace without a gate is open: no error.
base::Status open_gate(const Netns& netns);
base::Result<bool> gate_is_closed(const Netns& netns);

}  // namespace sluice::endpoint
