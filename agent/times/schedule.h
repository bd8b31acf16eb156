// Schedule: the hours of a policy (sluice.dev/active), as parse() reads them.
//
// Laws:
//  1. Hours of the week are those that the clocks of their zone show: at every moment they decide alone. Where clocks
//     leap over a bound, it is reached at the leap; what they show twice is passed twice.
//  2. An interval is from one moment to another, whatever clocks do between. A bound that clocks show twice is the
//     first of the two.
//  3. Every begin is part of it, every end is not.
//  4. A part that is taken away (`!`) takes its times from those of the other parts; where all are, from always.
//
// Pure but for tzdata, which zone.h reads; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "agent/times/zone.h"

namespace sluice::times {

inline constexpr uint32_t kDay = 86400, kWeek = 7 * kDay;  // seconds

// Seconds of the week from Monday 00:00: begin < end <= kWeek.
struct Window {
  uint32_t begin = 0, end = 0;
  bool operator==(const Window&) const = default;
};

struct Weekly {
  Zone zone;
  std::vector<Window> windows;  // sorted, apart from each other; at least one
  bool operator==(const Weekly&) const = default;
};

struct Interval {
  Instant begin = Instant::min(), end = Instant::max();  // begin < end
  bool operator==(const Interval&) const = default;
};

struct Part {
  std::variant<Weekly, Interval> when;
  bool taken_away = false;
  bool operator==(const Part&) const = default;
};

struct Schedule {
  std::vector<Part> parts;  // at least one
  bool operator==(const Schedule&) const = default;
};

bool is_active(const Schedule& schedule, Instant instant);

// Until when it certainly stays as it is.
struct Edge {
  Instant at;
  // False: so far nothing changes, and nobody looked further. It takes dozens of bounds that hide each other.
  bool changes = true;
  bool operator==(const Edge&) const = default;
};

// The first edge after that instant; none: it stays as it is for ever.
std::optional<Edge> next_edge(const Schedule& schedule, Instant after);

}  // namespace sluice::times
