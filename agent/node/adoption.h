// adopt(): connections that were open before the programs came, as flows of this node's pods.
//
// Laws:
//  1. A flow is what the programs would have made of the connection's own SYN, as the pod sees
//     it.
//  2. A connection that the pod opened goes to the address that the pod called, which may be a
//     Service's. One that was opened to the pod comes from the address that the pod sees.
//  3. A connection between two pods of this node is a flow of each.
//  4. A flow is not taken for allowed: its first packet is judged, in the direction in which the
//     connection was opened.
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "agent/endpoint/conntrack.h"
#include "agent/net/port.h"
#include "sluice/layout.h"

namespace sluice::node {

struct AdoptingEndpoint {
  uint32_t flow_id = 0;  // sluice_endpoint.id
  std::optional<net::Ip> ipv4, ipv6;
};

// A connection as the endpoint sees it.
struct OpenFlow {
  uint32_t flow_id = 0;  // the endpoint's
  net::Ip remote;
  net::Port local_port, remote_port;
  sluice_direction opener = SLUICE_INGRESS;  // in which it was opened
  bool operator==(const OpenFlow&) const = default;
};

std::vector<OpenFlow> adopt(const std::vector<endpoint::Connection>& connections,
                            const std::vector<AdoptingEndpoint>& endpoints);

}  // namespace sluice::node
