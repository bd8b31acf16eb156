// How many threads gRPC starts with a process's first channel or server.
//
// It waits for ever for one that cannot be started, whatever the deadline of a call: who uses it asks first
// whether there is room (agent/base/threads.h). Counted with Debian 12's gRPC 1.51 on 1 to 128 CPUs.
#pragma once

#include <unistd.h>

#include <algorithm>

namespace sluice::proto {

// Two executors and two timers' threads, and its pool: one for each CPU and one that it adds while they are
// busy.
inline unsigned client_threads() {
  return 4 + 1 + static_cast<unsigned>(std::clamp(::sysconf(_SC_NPROCESSORS_CONF), 2L, 32L));
}
// Those that wait for calls beside.
inline unsigned server_threads() {
  return client_threads() + static_cast<unsigned>(std::clamp(::sysconf(_SC_NPROCESSORS_CONF) / 2, 2L, 16L));
}

}  // namespace sluice::proto
