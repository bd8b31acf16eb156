// LastHour: how many there were in the last hour, to the minute. The caller gives the clock. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::observe {

class LastHour {
 public:
  // `now`: nanoseconds of a clock that never goes back.
  void add(int64_t now, uint64_t count) {
    Minute& minute = minutes_[slot(now)];
    if (minute.number != number(now)) minute = {number(now), 0};
    minute.count += count;
  }
  uint64_t count(int64_t now) const {
    uint64_t sum = 0;
    for (const Minute& minute : minutes_)
      if (minute.number > number(now) - kMinutes && minute.number <= number(now)) sum += minute.count;
    return sum;
  }

 private:
  static constexpr int64_t kMinutes = 60, kNanoseconds = 60'000'000'000;
  struct Minute {
    int64_t number = -kMinutes;  // of the clock
    uint64_t count = 0;
  };
  static int64_t number(int64_t now) { return now / kNanoseconds; }
  static size_t slot(int64_t now) { return static_cast<size_t>(number(now) % kMinutes); }

  std::array<Minute, kMinutes> minutes_;
};

}  // namespace sluice::observe
