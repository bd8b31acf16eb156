// adopt(): connections that were open before the programs came, as flows of this node's pods. Pure; any
// thread.
//
// Laws: a flow is what the programs would have made of the connection's own SYN, as the pod sees it: what the
// pod opened goes to the address that it called (a Service's, where it called one), what was opened to it
// comes from the address that it sees. A connection between two pods is a flow of each. It is not taken for
// allowed: its first packet is judged, in the direction in which it was opened.
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
