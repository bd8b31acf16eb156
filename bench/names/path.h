// What a packet costs a pod whose rules name domains, beside the same pod without such rules: of open connections, and of new
// ones that a rule allows. Needs root. One thread.
#pragma once

#include "agent/base/result.h"
#include "bench/harness/document.h"

namespace sluice::bench::names {

// Adds group "path", contenders "names" and "plain", interleaved; each packet's verdict is looked at before.
base::Status measure_path(const char* suite, int rounds, Document& document);

}  // namespace sluice::bench::names
