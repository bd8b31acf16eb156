// Trace: the way of a connection through the tables, as the maps have it: endpoint, rule set, identity, port
// set. Pure functions of an Image; any thread.
#pragma once

#include <string>
#include <vector>

#include "agent/compile/names.h"
#include "agent/compile/why/explain.h"

namespace sluice::explain {

struct TraceStep {
  std::string
      what;  // "endpoint", "rule set", "address", "identity", "rule", "port set", "service", "name", "verdict"
  std::string found;  // "4f… shop/api-1", "TCP 80,8000-8999"
};

// The steps of one side of an endpoint, in the packet's order; they end where the packet's would. Where the side is
// isolated the last one is the verdict: what is in force of it, without policies in audit. `names`: what was learnt, of the
// same compiler.
std::vector<TraceStep> trace(const image::Image& image, const compile::NameTable& names,
                             const compile::why::Question& question);

}  // namespace sluice::explain
