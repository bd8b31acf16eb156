// Run: groups brought into the kernel, checked, measured in rounds, written down. Needs root. One thread.
#pragma once

#include <vector>

#include "bench/harness/document.h"
#include "bench/packet/plan.h"

namespace sluice::bench {

// An error: something failed, or an answer was not the reference engine's.
base::Status run(const Options& options, const std::vector<Group>& groups);

}  // namespace sluice::bench
