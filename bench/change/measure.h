// Measure: one cluster of a size, from a full compile through every case of one-object changes, each event's
// steps kept. Needs root. One thread.
#pragma once

#include "bench/change/chain.h"
#include "bench/change/cluster.h"
#include "bench/harness/document.h"

namespace sluice::bench {

struct Effort {
  int events = 100;          // of each case
  int compiles = 5;          // full ones
  uint32_t probes = 100;     // compared with the reference engine, each time
  bool check_cases = false;  // after each case as well as at the end
  int programming = 0;       // rounds of map programming; 0: none
};

base::Status measure_changes(LoadedMaps& maps, const Size& size, const Effort& effort, const Options& options,
                             Document& document);

}  // namespace sluice::bench
