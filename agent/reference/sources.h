// Whether a pod may send from an address (semantics 38), read aloud: looks through all objects each time.
// Pure; any thread.
#pragma once

#include "agent/model/probe.h"

namespace sluice::reference {

// A packet that leaves a pod with a source that may be anybody's; it asks for no address (DHCP, discovery).
struct Sending {
  model::ObjectName pod;  // takes part, and has an address
  net::Ip source, to;     // of one family
  net::Protocol protocol = net::kTcp;
  std::optional<net::Port> port;  // set exactly where the protocol has ports
};

bool may_send_from(const model::Cluster& cluster, const model::PodAddresses& addresses, const model::Pod& pod,
                   const Sending& sending);

}  // namespace sluice::reference
