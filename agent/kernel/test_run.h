// TestRun: a packet through a loaded program by BPF_PROG_TEST_RUN, without any interface's traffic.
// Any thread; concerns the network namespace of the calling thread.
#pragma once

#include <cstdint>
#include <span>

#include "agent/base/result.h"
#include "agent/kernel/loader.h"

namespace sluice::kernel {

struct TestRun {
  int verdict = 0;           // the program's tc code: TC_ACT_UNSPEC (-1) passes on, TC_ACT_SHOT (2) drops
  bool unchanged = false;    // the packet came out as it went in
  uint32_t nanoseconds = 0;  // average of a repetition
};

struct TestRunOptions {
  uint32_t ifindex = 1;  // the interface that the program sees (1: lo)
  int repeat = 1;
  uint32_t mark = 0;  // skb->mark
};

// `packet` starts with its Ethernet header (14 bytes at least: the kernel takes no less).
base::Result<TestRun> test_run(const Programs& programs, sluice_direction direction,
                               std::span<const uint8_t> packet, const TestRunOptions& options = {});

}  // namespace sluice::kernel
