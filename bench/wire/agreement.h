// Agreement: every pair of a site's pods connected for real, over TCP and UDP, at both ports, and each
// outcome compared with what the reference engine says of the cluster. No agreement, no number.
//
// Laws: a connection that opens though it must not is an error at once; one that does not open in time is
// tried again, with all others of its protocol and port, for as long as kSecondTry, so that a busy machine is
// not taken for a wrong answer. One thread.
#pragma once

#include <chrono>

#include "agent/model/cluster.h"
#include "bench/wire/site.h"

namespace sluice::bench::wire {

inline constexpr std::chrono::milliseconds kFirstTry{100};
inline constexpr std::chrono::milliseconds kSecondTry{3000};

// How many answers were compared; the error names the first that differ.
base::Result<size_t> check_agreement(const Site& site, const model::Cluster& cluster);

}  // namespace sluice::bench::wire
