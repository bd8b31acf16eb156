// The flow tables, from outside the programs: read as they stand, and written by sluice_edit_flow, which is
// the packets' own code under their locks. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "agent/kernel/loader.h"
#include "agent/net/ip.h"
#include "agent/net/port.h"
#include "sluice/layout.h"

namespace sluice::kernel {

// An entry of a flow table. `edit` is what would make the same entry anew.
base::Status for_each_flow(const Programs& programs,
                           const std::function<void(const sluice_flow_edit&)>& visit);

// One edit, of maps that a KernelMaps has opened (it draws the seed). ADD leaves a flow that is there as it is,
// and may find no place; DROP of one that is not there is no error.
base::Status edit_flow(const Programs& programs, const sluice_flow_edit& edit);

// Removes every flow of these endpoints (sluice_endpoint.id); answers how many there were. One pass through
// the tables, whatever the number of endpoints; flows that come up meanwhile may stay.
base::Result<size_t> forget_flows(const Programs& programs, const std::set<uint32_t>& endpoints);
// Every flow and every count, while no packet is under way.
base::Status forget_all_flows(const Programs& programs);

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

// The flows of former tables, as they stand there; those that the programs' own tables have stay as they are.
base::Status copy_former_flows(const Programs& programs, const FormerFlows& former);
// Sets what each endpoint holds to what the tables hold: after a copy, while former ones lost flows too.
base::Status count_flows(const Programs& programs);

// What an endpoint has in the tables, by its index; SLUICE_NO_ENDPOINT: what the whole node displaced.
base::Result<sluice_flow_counts> read_flow_counts(const Programs& programs, uint32_t endpoint);
// Back to zero but for what is held: the entry has gone to another pod.
base::Status clear_flow_counts(const Programs& programs, uint32_t endpoint);
// The pod's share of the tables; 0: as for all.
base::Status set_flow_share(const Programs& programs, uint32_t endpoint, uint64_t flows);

// The tables as a whole.
struct FlowTableFacts {
  uint64_t capacity = 0;  // flows that they are made for
  uint64_t held[2] = {};  // by enum sluice_flow_class; idle for too long not counted
  uint64_t idle = 0;      // entries in use whose flow is forgotten
  uint32_t oldest = 0;    // seconds since the last packet of the flow that was silent for longest
};
struct FlowFacts {
  FlowTableFacts ipv4, ipv6;
};
base::Result<FlowFacts> read_flow_facts(const Programs& programs);

}  // namespace sluice::kernel
