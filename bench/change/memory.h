// Memory: what a cluster takes in the agent and in the kernel, as facts. Each is what there is with the
// cluster less what there was without; figures a pod, policy or identity are slopes between two clusters that
// differ in that alone. Needs root. One thread.
#pragma once

#include "bench/change/chain.h"
#include "bench/change/cluster.h"
#include "bench/harness/document.h"

namespace sluice::bench {

Labels labels_of(const Size& size);

// Best before anything else was measured: what the heap was once is never quite given back.
base::Status measure_memory(LoadedMaps& maps, bool quick, Document& document);

}  // namespace sluice::bench
