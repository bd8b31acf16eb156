// Stopwatch: time that passed and CPU time of this process, together, for traffic.h.
#pragma once

#include <ctime>

#include <chrono>

#include "bench/wire/traffic.h"

namespace sluice::bench::wire {

class Stopwatch {
 public:
  Nanoseconds elapsed() const { return std::chrono::steady_clock::now() - start_; }
  Nanoseconds cpu() const { return process_cpu() - cpu_start_; }
  // Both, shared out among `count` packets, connections or KiB.
  Sample per(double count) const { return {elapsed() / count, cpu() / count}; }
  bool sample_is_over() const { return elapsed() >= kSampleTime; }

 private:
  static Nanoseconds process_cpu() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  }
  Nanoseconds cpu_start_ = process_cpu();
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace sluice::bench::wire
