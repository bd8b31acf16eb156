// Rounds: contenders measured in turns, so that what disturbs the machine disturbs them alike.
//
// Laws: a round takes one sample of every contender, in an order drawn anew for each round from the seed;
// samples of one round may be paired, samples of different rounds may not. Google Benchmark calls and counts
// the samples (one iteration each, manual time). The first failing sample ends everything: no number without
// its rounds. A signal (options.h) ends the rounds with an error, too. One thread, the caller's.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "agent/base/result.h"

namespace sluice::bench {

using Nanoseconds = std::chrono::duration<double, std::nano>;

struct Contender {
  std::string name;  // for people and error messages; unique among its group
  // Takes one sample, and what it needs before and after it: only the time it returns counts (per packet, per
  // connection, per change: per whatever the series' unit says).
  std::function<base::Result<Nanoseconds>()> sample;
};

struct RoundOptions {
  int rounds = 15;
  int warm_ups = 1;  // whole rounds that are thrown away
  uint64_t seed = 1;
};

// Samples by contender, in the order given; each has `rounds` of them, in nanoseconds.
base::Result<std::vector<std::vector<double>>> run_rounds(const std::vector<Contender>& contenders,
                                                          const RoundOptions& options);

}  // namespace sluice::bench
