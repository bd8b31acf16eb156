#include "agent/kernel/memory_lock.h"

#include <sys/resource.h>
#include <sys/utsname.h>

#include <charconv>
#include <utility>

namespace sluice::kernel {
namespace {

using base::Error;

static_assert(RLIM_INFINITY == kUnlimitedLock);

constexpr std::pair<int, int> kCountsNoMore{5, 11};

std::string kibibytes(uint64_t bytes) {
  return bytes == kUnlimitedLock ? "unlimited" : std::to_string(bytes / 1024) + " KiB";
}

}  // namespace

bool counts_bpf_memory(std::string_view release) {
  std::pair<int, int> version{0, 0};
  const char* const end = release.data() + release.size();
  const auto major = std::from_chars(release.data(), end, version.first);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return false;
  if (std::from_chars(major.ptr + 1, end, version.second).ec != std::errc()) return false;
  return version < kCountsNoMore;
}

base::Result<MemoryLock> read_memory_lock() {
  utsname system{};
  if (::uname(&system) != 0) return Error::from_errno(errno, "uname");
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return Error::from_errno(errno, "read the memory-lock limit");
  return MemoryLock{counts_bpf_memory(system.release), limit.rlim_cur, limit.rlim_max};
}

void raise_memory_lock() {
  auto lock = read_memory_lock();
  if (!lock || !lock->stands_in_the_way()) return;
  const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
  if (::setrlimit(RLIMIT_MEMLOCK, &none) == 0) return;
  const rlimit highest{lock->hard, lock->hard};
  (void)::setrlimit(RLIMIT_MEMLOCK, &highest);
}

std::string memory_lock_text(const MemoryLock& lock) {
  return "the memory-lock limit (RLIMIT_MEMLOCK) is " + kibibytes(lock.soft) +
         ", and kernels before 5.11 count BPF maps against it: it must be unlimited: set "
         "LimitMEMLOCK=infinity in the unit, give the container the capability SYS_RESOURCE, or run `ulimit "
         "-l "
         "unlimited` in the shell";
}

}  // namespace sluice::kernel
