// The path of the agent's socket: can it be one, and does an agent listen there. Any thread.
#pragma once

#include <string>

#include "agent/base/result.h"

namespace sluice::serve {

// Is an agent listening on this socket? False where nothing is there or a dead agent left its socket; an
// error where the path cannot be used.
base::Result<bool> agent_listens(const std::string& socket);

}  // namespace sluice::serve
