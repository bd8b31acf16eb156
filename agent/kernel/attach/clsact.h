// Attachment through clsact and its bpf filters, for kernels without TCX (< 6.6).
//
// Laws:
//  1. Our filters stand at priority 1, the first to be asked, and in front of other bpf filters
//     of that priority.
//  2. Nobody else's filter or qdisc is changed, but for two cases: an `ingress` qdisc, which has
//     clsact's place, gives way to clsact; and another filter of priority 1 moves to 2
//     (set_aside.h).
//  3. A clsact qdisc is removed only if we made it and no filter is left in it. That we made it
//     is written in the handle of our filters, and so outlives the agent.
//  4. A filter is ours by the maps that its program uses (own_maps.h). Only clsact_attach() goes
//     by the program's name: it takes the place of a filter of Sluice whose pins are lost.
//
// Concerns the network namespace of the calling thread. One thread.
#pragma once

#include <array>
#include <cstdint>

#include "agent/base/result.h"
#include "agent/kernel/own_maps.h"
#include "sluice/layout.h"

namespace sluice::kernel::attach {

inline constexpr sluice_direction kDirections[] = {SLUICE_INGRESS, SLUICE_EGRESS};

// Both programs, by sluice_direction. Replaces ours in place where they are attached already.
base::Status clsact_attach(uint32_t ifindex, const std::array<int, 2>& program_fds);

// Removes what is ours; done also where nothing is, or the interface is gone.
base::Status clsact_detach(uint32_t ifindex, const OwnMaps& own);

// Whether both our filters are there.
base::Result<bool> clsact_attached(uint32_t ifindex, const OwnMaps& own);

}  // namespace sluice::kernel::attach
