// Backoff: the pauses between attempts that fail one after the other: each twice as long as the
// one before, up to a longest. No clock. One thread.
#pragma once

#include <algorithm>
#include <chrono>

namespace sluice::base {

class Backoff {
 public:
  using Pause = std::chrono::milliseconds;

  Backoff(Pause first, Pause longest) : first_(first), longest_(longest) {}

  // The pause after `failures` failures in a row before this one: first, 2 × first, 4 × first … longest.
  static Pause after(int failures, Pause first, Pause longest) {
    constexpr int kDoublings = 30;  // more would overflow, and be longer than any longest
    return std::min(longest, first * (int64_t{1} << std::min(failures, kDoublings)));
  }
  // The pause before the next attempt; `longest` in place of its own.
  Pause next() { return next(longest_); }
  Pause next(Pause longest) { return after(failures_++, first_, longest); }
  // An attempt succeeded.
  void reset() { failures_ = 0; }

 private:
  Pause first_, longest_;
  int failures_ = 0;
};

}  // namespace sluice::base
