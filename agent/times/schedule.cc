#include "agent/times/schedule.h"

#include <algorithm>

namespace sluice::times {
namespace {

using std::chrono::seconds;

constexpr int kMostSteps = 64;

uint32_t second_of_week(const Zone& zone, Instant instant) {
  const Wall wall = zone.wall(instant);
  const auto day = static_cast<uint32_t>(absl::GetWeekday(absl::CivilDay(wall)));  // Monday is 0
  return day * kDay + static_cast<uint32_t>(wall.hour() * 3600 + wall.minute() * 60 + wall.second());
}

bool holds(const Weekly& weekly, Instant instant) {
  const uint32_t now = second_of_week(weekly.zone, instant);
  const auto after = std::ranges::upper_bound(weekly.windows, now, {}, &Window::begin);
  return after != weekly.windows.begin() && now < std::prev(after)->end;
}

bool holds(const Interval& interval, Instant instant) {
  return interval.begin <= instant && instant < interval.end;
}

// How long a clock that is not set takes to the next bound of a window; 0: there is none.
uint32_t seconds_to_bound(const std::vector<Window>& windows, uint32_t now) {
  uint32_t least = 0;
  const auto take = [&least, now](uint32_t bound) {
    const uint32_t ahead = bound > now ? bound - now : bound + kWeek - now;
    if (least == 0 || ahead < least) least = ahead;
  };
  for (const Window& window : windows) {
    if (window.begin == 0 && window.end == kWeek) return 0;
    take(window.begin);
    take(window.end);
  }
  return least;
}

// The next moment after this one at which the part may change.
std::optional<Instant> next_bound(const Weekly& weekly, Instant after) {
  const uint32_t ahead = seconds_to_bound(weekly.windows, second_of_week(weekly.zone, after));
  if (ahead == 0) return std::nullopt;
  const Instant bound = after + seconds(ahead);
  const auto setting = weekly.zone.next_setting(after);
  return setting && *setting < bound ? *setting : bound;
}

std::optional<Instant> next_bound(const Interval& interval, Instant after) {
  if (after < interval.begin) return interval.begin;
  if (after < interval.end && interval.end != Instant::max()) return interval.end;
  return std::nullopt;
}

std::optional<Instant> next_bound(const Schedule& schedule, Instant after) {
  std::optional<Instant> next;
  for (const Part& part : schedule.parts) {
    const auto bound = std::visit([after](const auto& when) { return next_bound(when, after); }, part.when);
    if (bound && (!next || *bound < *next)) next = bound;
  }
  return next;
}

}  // namespace

bool is_active(const Schedule& schedule, Instant instant) {
  bool given = false, any_gives = false;
  for (const Part& part : schedule.parts) {
    const bool within = std::visit([instant](const auto& when) { return holds(when, instant); }, part.when);
    if (part.taken_away && within) return false;
    any_gives = any_gives || !part.taken_away;
    given = given || (!part.taken_away && within);
  }
  return given || !any_gives;
}

std::optional<Edge> next_edge(const Schedule& schedule, Instant after) {
  const bool active = is_active(schedule, after);
  Instant at = after;
  for (int step = 0; step < kMostSteps; ++step) {
    const auto next = next_bound(schedule, at);
    if (!next) return std::nullopt;
    at = *next;
    if (is_active(schedule, at) != active) return Edge{at, true};
  }
  return Edge{at, false};
}

}  // namespace sluice::times
