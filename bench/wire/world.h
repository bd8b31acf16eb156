// The world that every contender is given: five pods of one node, pods elsewhere, and N policies. Pure; any
// thread.
//
// Laws: the same N gives the same cluster. With N = 0 nothing is isolated. Otherwise N is kCorePolicies or
// more; the last kCorePolicies by name make an interesting matrix among the five pods and allow what is
// measured (sender to receiver, kPort, TCP and UDP); each of those before them allows one peer, elsewhere,
// and one port. They take turns: one selects the receiver (ingress), the next the sender (egress), so that a
// connection that is opened meets all N of them, half at each end, and those that allow it come last where
// rules are asked in turn. Every tenth names a CIDR of 256 addresses, every seventh UDP, every twentieth a
// range of ten ports. IPv4 only: what differs between the families is in parsing, which bench/packet
// measures.
#pragma once

#include <vector>

#include "agent/model/cluster.h"

namespace sluice::bench::wire {

inline constexpr size_t kCorePolicies = 6;
inline constexpr uint16_t kPort = 5201;  // what is measured
inline constexpr uint16_t kOtherPort =
    5202;  // what nobody is allowed where N > 0, save by a rule without ports
inline constexpr char kNodeName[] = "here";

model::Cluster make_cluster(size_t policies);

// The node's own pods: the sender first, then the receiver.
enum LocalPod : size_t { kSender, kReceiver, kBystander, kClosed, kStranger, kLocalPods };
std::vector<model::Pod> local_pods();

}  // namespace sluice::bench::wire
