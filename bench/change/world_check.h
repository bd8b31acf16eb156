// Checks of what was measured: after the changes the compiler's image must equal a fresh compile, the maps of
// the kernel must hold it, and packets through the loaded programs must get the reference engine's verdicts.
// An error says what differs: no agreement, no number. One thread.
#pragma once

#include "bench/change/chain.h"
#include "bench/change/cluster.h"

namespace sluice::bench {

base::Status check_image(Chain& chain, const std::vector<compile::LocalPod>& locals);

// Connections between local pods and pods, Services and addresses elsewhere, drawn from the seed. Returns how
// many were compared.
base::Result<uint64_t> check_verdicts(Chain& chain, const Size& size, uint64_t seed, uint32_t count);

}  // namespace sluice::bench
