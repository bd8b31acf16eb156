// libbpf's own messages: warnings go to the log, the rest is dropped. libbpf has one callback a process;
// setting it twice is harmless.
#pragma once

namespace sluice::kernel::log {

void route_libbpf_log();

}  // namespace sluice::kernel::log
