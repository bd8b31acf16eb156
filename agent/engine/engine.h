// Engine: whoever answers "may FROM talk to TO?" for `sluicectl eval` and `matrix`. One thread.
#pragma once

#include "agent/model/probe.h"

namespace sluice::engine {

class Engine {
 public:
  virtual ~Engine() = default;
  // An error: the probe makes no sense, or the engine failed.
  virtual base::Result<model::Answer> evaluate(const model::Probe& probe) = 0;
};

}  // namespace sluice::engine
