// The memory-lock limit, RLIMIT_MEMLOCK: kernels before 5.11 count BPF maps and programs against it, later
// ones against the control group's memory instead. Source: getrlimit(2), bpf(2). Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace sluice::kernel {

inline constexpr uint64_t kUnlimitedLock = ~uint64_t{0};  // RLIM_INFINITY

struct MemoryLock {
  bool counted = false;         // whether this kernel counts BPF memory against it
  uint64_t soft = 0, hard = 0;  // bytes
  bool stands_in_the_way() const { return counted && soft != kUnlimitedLock; }
};

// Whether the kernel of that release (uname(2)) counts BPF memory against the limit.
bool counts_bpf_memory(std::string_view release);

base::Result<MemoryLock> read_memory_lock();

// Where BPF memory is counted: as high as this process may go. No limit with CAP_SYS_RESOURCE, else the hard
// one. What cannot be raised stays.
void raise_memory_lock();

// Of a limit that stands in the way: its name, what it is, what it must be, and the mends.
std::string memory_lock_text(const MemoryLock& lock);

}  // namespace sluice::kernel
