// Host: on what and of what a result document was measured. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "agent/base/result.h"

namespace sluice::bench {

struct Host {
  std::string cpu;
  unsigned cores = 0;
  uint64_t memory_bytes = 0;
  std::string kernel;  // release
  bool jit = false;    // of BPF programs
  uint32_t hz = 0;     // jiffies a second
  std::string
      commit;  // of the tree that was built, "-dirty" where it was changed since; "unknown" without git
  std::string compiler;
  std::string date;  // UTC, ISO 8601
};

base::Result<Host> this_host();

}  // namespace sluice::bench
