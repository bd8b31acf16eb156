// Record: one report of the ring buffer with names instead of numbers.
//
// Laws:
//  1. decode() trusts no byte of the event: an unknown family, reason or direction gives a record
//     that says so, never an error.
//  2. Names are those known when the event is decoded; a pod that nobody knows any more keeps its
//     number.
//
// Values; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "agent/model/objects.h"
#include "sluice/event.h"

namespace sluice::flow {

struct Record {
  uint64_t time = 0;   // CLOCK_MONOTONIC, nanoseconds
  uint64_t epoch = 0;  // the state that judged it
  std::string pod;     // "namespace/pod"; empty: the interface belongs to no known pod
  model::Direction direction = model::Direction::kIngress;  // as the pod sees it
  std::optional<net::Ip> local, remote;                     // absent where the packet is no readable IP
  std::string remote_pod;                                   // empty: no pod that we know
  net::Protocol protocol;
  std::optional<net::Port> local_port, remote_port;  // present where the protocol has ports
  uint32_t reason = 0;                               // enum sluice_reason
  uint32_t ifindex = 0;
  uint32_t length = 0;    // bytes, with the Ethernet header
  bool audit = false;     // it passed, because the agent only audits
  bool against = false;   // it answers its connection, which was opened in the other direction
  uint8_t tcp_flags = 0;  // 0 where the protocol has none

  bool operator==(const Record&) const = default;
  // In which its connection was opened.
  model::Direction judged_direction() const {
    if (!against) return direction;
    return direction == model::Direction::kIngress ? model::Direction::kEgress : model::Direction::kIngress;
  }
};

// Who is who at this moment; either may give "".
struct Names {
  std::function<std::string(uint64_t pod)> pod;  // sluice_endpoint.pod -> "namespace/pod"
  std::function<std::string(const net::Ip&)> pod_of_address;
};

Record decode(const sluice_event& event, const Names& names);

}  // namespace sluice::flow
