// The smallest cluster that still shows a failure: what a differential test prints instead of sixty objects.
#pragma once

#include <functional>

#include "agent/model/cluster.h"

namespace sluice::oracle {

// Does this cluster still show it? Must hold for the cluster given to shrink(); called many times.
using StillFails = std::function<bool(const model::Cluster&)>;

// Drops objects, then rules, peers, ports, addresses, labels and the like, each for as long as `still_fails`
// holds: nothing that can be dropped alone is left, unless `most_tries` calls were used up before. Every
// cluster tried is one that the Kubernetes API would accept. Deterministic where still_fails is.
model::Cluster shrink(model::Cluster cluster, const StillFails& still_fails, size_t most_tries = 20'000);

}  // namespace sluice::oracle
