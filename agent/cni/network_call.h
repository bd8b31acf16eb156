// The calls that are about the network and no pod of it: STATUS and GC.
//
// Laws:
//  1. Both end within the configuration's time-out.
//  2. The first plugin of the list, which only moves the gate, has nothing to say: a gate ends
//     with its namespace.
//  3. STATUS fails where ADD would; never where onFailure is permissive.
//  4. GC withdraws what was announced of this network and nothing of another. A failure is an
//     error; what GC was to withdraw goes with its interface all the same.
//
// Any thread. Source: CNI SPEC.md of spec-v1.1.0, "STATUS", "GC".
#pragma once

#include <chrono>

#include "agent/cni/agent_client.h"
#include "agent/cni/config.h"
#include "agent/cni/plugin.h"

namespace sluice::cni {

// The socket's directory changes when an agent comes, goes or writes its announced endpoints: a change that
// is no older says that an agent may be on its way back.
inline constexpr std::chrono::seconds kReplaced{60};

Output run_status(const Config& config, Deadline deadline);
Output run_gc(const Config& config, Deadline deadline);

}  // namespace sluice::cni
