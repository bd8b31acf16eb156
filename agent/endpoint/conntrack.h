// The TCP connections that this machine's connection tracking knows as established: a dump by
// ctnetlink(7), of the calling thread's namespace.
//
// Any thread. It blocks for as long as the kernel dumps, and for kReplyDeadline (netlink.h) where
// the kernel falls silent. Source: linux/netfilter/nfnetlink_conntrack.h.
#pragma once

#include <set>
#include <vector>

#include "agent/base/result.h"
#include "agent/net/ip.h"
#include "agent/net/port.h"

namespace sluice::endpoint {

// One direction, as its packets are before any translation of this machine's.
struct Tuple {
  net::Ip source, destination;
  net::Port source_port, destination_port;
  auto operator<=>(const Tuple&) const = default;
};

struct Connection {
  Tuple original;  // as the opener sends
  Tuple reply;     // as the other end answers: not the original turned round where it is translated
  auto operator<=>(const Connection&) const = default;
};

// Those of the default zone that one of these addresses sends in, either way. None where the machine tracks
// none; an error where it cannot be asked.
base::Result<std::vector<Connection>> established_tcp(const std::set<net::Ip>& senders);

}  // namespace sluice::endpoint
