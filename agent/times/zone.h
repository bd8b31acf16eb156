// Zone: what clocks show in a time zone of the tz database, and when they are set. Instant: a moment, to the second.
//
// Laws:
//  1. UTC is there always; every other zone is read from the machine's tzdata (TZDIR, else /usr/share/zoneinfo).
//  2. A name from outside reaches no file but those below that folder.
//
// Immutable; any thread.
#pragma once

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace sluice::times {

using Instant = std::chrono::sys_seconds;
// What a clock on the wall shows: a date and a time of day, of no zone.
using Wall = absl::CivilSecond;

class Zone {
 public:
  Zone() : zone_(absl::UTCTimeZone()) {}  // UTC
  static base::Result<Zone> load(std::string_view name);
  static Zone fixed(std::chrono::seconds east_of_utc);

  Wall wall(Instant instant) const;
  // When clocks show `wall`: the first time, where they are set back and show it twice; where they leap over it, the
  // moment of the leap.
  Instant instant(const Wall& wall) const;
  // The next moment after this one at which clocks are set forward or back.
  std::optional<Instant> next_setting(Instant after) const;
  bool operator==(const Zone& other) const { return zone_ == other.zone_; }

 private:
  explicit Zone(absl::TimeZone zone) : zone_(zone) {}
  absl::TimeZone zone_;
};

// "2026-12-24T18:00:00Z"
std::string to_text(Instant instant);

}  // namespace sluice::times
