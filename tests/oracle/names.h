// Names of domains drawn at random: rules that name them, and what they resolve to.
#pragma once

#include "agent/model/cluster.h"

namespace sluice::oracle {

// The same, and half of the rules that may name domains do.
model::Cluster with_names(model::Cluster cluster, uint64_t seed);
// What a few names resolve to, always the same ones: addresses of the cluster and others; some to none.
std::map<std::string, std::set<net::Ip>> random_resolved(const model::Cluster& cluster, uint64_t seed);

}  // namespace sluice::oracle
