// Slots: the free indices of an array, up to a limit; the smallest free one is taken first. Not thread-safe.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "agent/base/result.h"

namespace sluice::image {

class Slots {
 public:
  // Slots below `first` are spoken for. `what` names the map in errors.
  Slots(uint32_t limit, std::string what, uint32_t first = 0)
      : limit_(limit), next_(first), what_(std::move(what)) {}

  base::Result<uint32_t> take() {
    if (!free_.empty()) return free_.extract(free_.begin()).value();
    if (next_ >= limit_)
      return base::Error::full("map " + what_ + " is full: all " + std::to_string(limit_) +
                               " entries are in use");
    return next_++;
  }
  // A slot that read-back found in use. False where it is out of range or taken already.
  bool take_known(uint32_t slot) {
    if (slot >= limit_) return false;
    for (; next_ <= slot; ++next_) free_.insert(next_);
    return free_.erase(slot) == 1;
  }
  void give_back(uint32_t slot) { free_.insert(slot); }

  uint32_t used() const { return next_ - static_cast<uint32_t>(free_.size()); }
  uint32_t limit() const { return limit_; }

 private:
  uint32_t limit_, next_;
  std::set<uint32_t> free_;
  std::string what_;
};

}  // namespace sluice::image
