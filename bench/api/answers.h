// Whether what is in force is what should be: no agreement, no number. Called in the agent's network
// namespace; one thread.
#pragma once

#include "bench/change/cluster.h"

namespace sluice::bench::api {

// The kernel maps, read back beside the running agent, hold exactly what a fresh compile of `cluster` gives.
base::Status check_maps(const model::Cluster& cluster, const std::string& node);
// The agent answers `count` questions about its local pods, drawn from the seed, as the reference engine
// does.
base::Status check_answers(const model::Cluster& cluster, const Size& size, uint64_t seed, uint32_t count);

}  // namespace sluice::bench::api
