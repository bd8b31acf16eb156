// How a time of day and a moment are written. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/times/zone.h"

namespace sluice::times {

// "08:00", "08:00:30", "24:00" as seconds of the day.
std::optional<uint32_t> time_of_day(std::string_view text);

struct Moment {
  Wall wall;
  std::optional<std::chrono::seconds> offset;  // of that clock, east of UTC
};

// "2026-12-24T18:00", "2026-12-24T18:00:30", with "Z" or "+01:00" after it; from 1970 on.
std::optional<Moment> moment_of(std::string_view text);

}  // namespace sluice::times
