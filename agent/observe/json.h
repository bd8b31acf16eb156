// Records as JSON, one object a line without its newline. Pure.
#pragma once

#include <string>

#include "agent/observe/record.h"

namespace sluice::observe {

// As docs/operating.md has it; what does not apply to an end is left out.
std::string json_of(const FlowRecord& record);
// Those of Hubble's flow JSON (cilium's api/v1/flow/flow.proto), as far as they mean the same: for its users' scripts.
std::string hubble_json_of(const FlowRecord& record);

}  // namespace sluice::observe
