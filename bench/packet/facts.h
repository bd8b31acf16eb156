// Facts: what is not noisy about the packet path: how much the verifier follows, how large the programs are,
// and how many map operations a packet costs, counted by the stages' build for user space. One thread.
#pragma once

#include <vector>

#include "agent/kernel/loader.h"
#include "bench/harness/document.h"
#include "bench/packet/cases.h"

namespace sluice::bench {

// verified_instructions, program_instructions and program_bytes (as JITed) of a loaded program.
base::Result<std::vector<Fact>> program_facts(int program_fd, const std::string& name);

// map_operations of the measured packet of each case, in a world of base size.
base::Result<std::vector<Fact>> operation_facts(const std::vector<Case>& cases);

}  // namespace sluice::bench
