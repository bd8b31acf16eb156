// Hours of policies (sluice.dev/active) drawn at random, and what they mean, by the C library's clocks: nothing of
// agent/times, which is held against it.
//
// An interval's bounds are never at hours that clocks show twice or leap over: there an interval is from moment to
// moment, and here by what the clock shows.
//
// It sets TZ for as long as it looks at a clock: one thread in the whole program.
#pragma once

#include <cstdint>
#include <string>

#include "agent/model/cluster.h"
#include "tests/oracle/random.h"

namespace sluice::oracle {

std::string random_hours(Random& random);
// A moment of 2026, in seconds since 1970; one of three within two hours of a moment at which clocks are set.
int64_t random_moment(Random& random);

// The same, and one of three policies of both kinds has hours.
model::Cluster with_hours(model::Cluster cluster, uint64_t seed);

// Of an expression that random_hours() may give.
bool is_active(const std::string& expression, int64_t moment);
// Without the policies that are not in force then.
model::Cluster within_hours(model::Cluster cluster, int64_t moment);

}  // namespace sluice::oracle
