// One round: changes at a rate for a while, and how long each took. One thread.
#pragma once

#include "bench/api/histogram.h"
#include "bench/api/mix.h"
#include "bench/api/stand.h"

namespace sluice::bench::api {

struct Load {
  double rate = 100;  // changes a second, at random times (a Poisson process)
  double seconds = 60;
};

struct Measured {
  std::vector<Sample> samples;
  Histogram change_seconds;               // the agent's own, of this round
  double seconds = 0;                     // from the first change to the last one's being in force
  double watcher_cpu = 0, agent_cpu = 0;  // seconds
  double others_cpu = 0;                  // of everything on the machine but these and this program
};

// The stand's watcher must run. An error where a change is lost, or the state at the end is not what it
// should be.
base::Result<Measured> measure(Stand& stand, Mix& mix, const Load& load, uint64_t seed);

}  // namespace sluice::bench::api
