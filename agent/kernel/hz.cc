#include "agent/kernel/hz.h"

#include <ctime>

namespace sluice::kernel {

base::Result<uint32_t> jiffies_per_second() {
  constexpr long kNanosecondsPerSecond = 1'000'000'000;
  timespec tick{};
  if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0) {
    return base::Error::from_errno(errno, "clock_getres CLOCK_MONOTONIC_COARSE");
  }
  if (tick.tv_sec != 0 || tick.tv_nsec < 1000) {
    return base::Error(
        "clock_getres CLOCK_MONOTONIC_COARSE: its resolution is no tick; cannot tell how long a jiffy is");
  }
  return static_cast<uint32_t>((kNanosecondsPerSecond + tick.tv_nsec / 2) / tick.tv_nsec);
}

base::Result<uint32_t> jiffies_now() {
  constexpr uint64_t kStart = 300, kNanosecondsPerSecond = 1'000'000'000;
  const auto hz = jiffies_per_second();
  if (!hz) return hz.error();
  timespec now{};
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return base::Error::from_errno(errno, "clock_gettime");
  const uint64_t seconds = static_cast<uint64_t>(now.tv_sec) - kStart;
  return static_cast<uint32_t>(seconds * *hz +
                               static_cast<uint64_t>(now.tv_nsec) * *hz / kNanosecondsPerSecond);
}

}  // namespace sluice::kernel
