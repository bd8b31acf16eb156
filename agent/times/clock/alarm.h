// Alarm: a descriptor that is readable once the machine's clock shows a moment, and whenever that clock is set.
//
// One thread.
#pragma once

#include <optional>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "agent/times/zone.h"

namespace sluice::times::clock {

class Alarm {
 public:
  static base::Result<Alarm> open();
  int fd() const { return fd_.get(); }
  // Of one moment; the one before is forgotten. None: only when the clock is set.
  base::Status set(std::optional<Instant> at);
  // Makes it unreadable until the next occasion. It has to be set anew then.
  base::Status take();

 private:
  explicit Alarm(base::Fd fd) : fd_(std::move(fd)) {}
  base::Fd fd_;
};

}  // namespace sluice::times::clock
