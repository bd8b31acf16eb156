// The calls that are about the network and no pod of it: STATUS and GC.
//
// Laws: both end within the configuration's time-out. The first plugin of the list, which only moves the
// gate, has nothing to say: a gate ends with its namespace. STATUS fails where ADD would: never where
// onFailure is permissive. GC takes back what was told of this network and nothing of another; what stands in
// its way is an error, and whatever it was to take back goes with its interface all the same. Any thread.
// Source: CNI SPEC.md of spec-v1.1.0, "STATUS", "GC".
#pragma once

#include <chrono>

#include "agent/cni/agent_client.h"
#include "agent/cni/config.h"
#include "agent/cni/plugin.h"

namespace sluice::cni {

// An agent came, went or was told of a pod that short a time ago: its socket's directory changes with it.
inline constexpr std::chrono::seconds kReplaced{60};

Output run_status(const Config& config, Deadline deadline);
Output run_gc(const Config& config, Deadline deadline);

}  // namespace sluice::cni
