// What the names in a probe stand for. Private to agent/model; probe.h has the laws.
#pragma once

#include "agent/model/probe.h"

namespace sluice::model {

// Every address that naming the party may mean, in its own order; never empty. An error says why it means none.
base::Result<std::vector<net::Ip>> addresses_of(const Cluster& cluster, const PodAddresses& addresses,
                                                const Party& party);

}  // namespace sluice::model
