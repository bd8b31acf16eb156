// Pings across the interfaces of pods, in their order, because a reply belongs to the request before it
// (semantics 28): which packet passes, read aloud. Pure; any thread.
#pragma once

#include "agent/model/probe.h"

namespace sluice::reference {

// One ICMP (ICMPv6) packet as the pod's interface sees it.
struct Echo {
  enum class Kind : uint8_t { kRequest, kReply, kOther };  // the last: ICMP that is neither echo nor an error
  model::ObjectName pod;                                   // takes part
  net::Ip own, far;                                        // of one family; the first is the pod's
  model::Direction direction = model::Direction::kEgress;
  Kind kind = Kind::kRequest;
  uint16_t identifier = 0;
};

// Packets, something that happens to the cluster, and more packets. The pods stay, with their addresses, on
// their nodes.
struct Echoes {
  std::vector<Echo> before;
  std::vector<model::Change> changes;
  std::vector<Echo> after;
};

// What becomes of each packet, those before the changes first.
std::vector<model::Verdict> evaluate(const model::Cluster& cluster, const Echoes& echoes);

}  // namespace sluice::reference
