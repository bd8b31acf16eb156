// The flow tables, from outside the programs. Any thread.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "agent/kernel/loader.h"
#include "agent/net/ip.h"
#include "agent/net/port.h"
#include "sluice/layout.h"

namespace sluice::kernel {

// Removes every flow of these endpoints (sluice_endpoint.id); answers how many there were. One pass through
// the tables, whatever the number of endpoints; flows that come up meanwhile may stay.
base::Result<size_t> forget_flows(const Programs& programs, const std::set<uint32_t>& endpoints);

// A TCP connection that is open, as the endpoint sees it.
struct OpenFlow {
  uint32_t endpoint = 0;  // sluice_endpoint.id
  net::Ip remote;
  net::Port local_port, remote_port;
  sluice_direction opener = SLUICE_INGRESS;  // in which it was opened
  bool operator==(const OpenFlow&) const = default;
};
// Writes them as flows that were opened and answered, and are to be judged at their next packet. For
// endpoints whose programs see no packet yet.
base::Status put_flows(const Programs& programs, const std::vector<OpenFlow>& flows);

}  // namespace sluice::kernel
