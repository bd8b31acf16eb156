// Counters: what the programs counted, summed over CPUs. They only grow while the maps live.
// Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "agent/base/result.h"
#include "agent/kernel/loader.h"
#include "sluice/layout.h"
#include "sluice/reasons.h"

namespace sluice::kernel {

// By reason, then sluice_direction.
using Counters = std::array<std::array<sluice_counter, 2>, SLUICE_REASON_COUNT>;

base::Result<Counters> read_counters(const Programs& programs);

// Of one endpoint by its index. `window` and `in_window` belong to a part each and are 0 here.
base::Result<sluice_endpoint_stats> read_stats(const Programs& programs, uint32_t endpoint);
// Likewise each part by itself, as sluice_event.part counts them.
base::Result<std::vector<sluice_endpoint_stats>> read_stats_parts(const Programs& programs,
                                                                  uint32_t endpoint);
// Back to zero: the entry has gone to another pod.
base::Status clear_stats(const Programs& programs, uint32_t endpoint);
// As if its report windows had begun so much earlier.
base::Status age_stats(const Programs& programs, uint32_t endpoint, uint32_t jiffies);

}  // namespace sluice::kernel
