// How long a jiffy is. The kernel's HZ is a build option that no header tells user space (USER_HZ is another
// thing); the coarse clocks tick once a jiffy, and their resolution is that tick (clock_getres(2),
// kernel/time/hrtimer.c: KTIME_LOW_RES = TICK_NSEC).
#pragma once

#include <cstdint>

#include "agent/base/result.h"

namespace sluice::kernel {

// Jiffies per second: 100, 250, 300 or 1000. Fails only where the kernel has no coarse clock.
base::Result<uint32_t> jiffies_per_second();

// About the low 32 bits of the kernel's count: the clock that it is taken from is adjusted (NTP) and may run
// seconds ahead or behind after a year. It starts five minutes before it wraps
// (linux/jiffies.h: INITIAL_JIFFIES) and follows CLOCK_MONOTONIC.
base::Result<uint32_t> jiffies_now();

}  // namespace sluice::kernel
