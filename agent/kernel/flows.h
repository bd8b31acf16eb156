// The flow tables, from outside the programs. Any thread.
#pragma once

#include <cstdint>
#include <set>

#include "agent/kernel/loader.h"

namespace sluice::kernel {

// Removes every flow of these endpoints (sluice_endpoint.id); answers how many there were. One pass through
// the tables, whatever the number of endpoints; flows that come up meanwhile may stay.
base::Result<size_t> forget_flows(const Programs& programs, const std::set<uint32_t>& endpoints);

}  // namespace sluice::kernel
