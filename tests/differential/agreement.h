// Agreement: an engine is asked what the reference is asked. The first question on which they differ is
// printed with its seed and the smallest cluster that shows it. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/differential/switching_engine.h"

namespace sluice::differential {

// One cluster and all that is asked about it.
struct Round {
  uint64_t seed = 0;
  model::Cluster cluster;
  std::vector<model::Probe> probes;
  std::vector<reference::Sending> sendings;
  reference::Echoes echoes;
};

// What the reference answered.
struct Tally {
  uint64_t clusters = 0;
  uint64_t probes = 0, senseless = 0, probes_allowed = 0;
  uint64_t sendings = 0, sendings_allowed = 0;
  uint64_t echoes = 0, echoes_allowed = 0;

  void add(const Round& round);
  std::string to_text() const;
};

// Do they agree on everything? What not is printed. An error where the engine cannot answer.
base::Result<bool> agree(const Round& round, SwitchingEngine& engine);

}  // namespace sluice::differential
