// The stream of `sluicectl eval`: a probe a line in, an answer a line out, in the same order.
#pragma once

#include <iosfwd>
#include <string>

#include "agent/engine/engine.h"
#include "agent/model/cluster.h"

namespace sluice::apps::ctl {

struct EvalCounts {
  size_t senseless = 0;   // probes that make no sense: their line says why
  size_t unanswered = 0;  // probes that do, but the engine failed
  std::string failure;    // the engine's first, empty where there was none
};

// Blank lines are passed over. `engine` answers about `cluster`. Flushes `out` whenever nothing more is
// waiting in `in`: whoever writes probes one by one waits for each answer.
EvalCounts answer_lines(engine::Engine& engine, const model::Cluster& cluster, std::istream& in,
                        std::ostream& out);

}  // namespace sluice::apps::ctl
