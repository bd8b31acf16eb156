#include "agent/times/parse.h"

#include <algorithm>
#include <array>

#include "agent/base/excerpt.h"
#include "agent/times/clock_text.h"

namespace sluice::times {
namespace {

using base::Error;
using base::excerpt;
using base::Result;

constexpr std::array<std::string_view, 7> kDayNames = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr char kForms[] =
    "write it as Mon-Fri 08:00-18:00 Europe/Berlin or 2026-12-24T18:00/2026-12-27T06:00";

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0;;) {
    const size_t end = text.find(at, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

// ---- days ----

std::optional<size_t> day_of(std::string_view text) {
  if (text.size() != 3) return std::nullopt;
  std::string small(text);
  for (char& c : small)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const auto found = std::ranges::find(kDayNames, small);
  return found == kDayNames.end() ? std::nullopt : std::optional<size_t>(found - kDayNames.begin());
}

using Days = std::array<bool, 7>;

// "Mon-Fri", "Sat,Sun", "Fri-Mon": none where the text is no such list.
std::optional<Days> days_of(std::string_view text) {
  Days days{};
  for (const std::string_view item : split(text, ',')) {
    const size_t dash = item.find('-');
    const auto first = day_of(item.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : day_of(item.substr(dash + 1));
    if (!first || !last) return std::nullopt;
    for (size_t day = *first;; day = (day + 1) % 7) {
      days[day] = true;
      if (day == *last) break;
    }
  }
  return days;
}

// ---- hours ----

struct Hours {
  uint32_t begin = 0, end = 0;  // seconds of the day; an end that is not after the begin is of the next day
};

Result<Hours> hours_of(std::string_view text) {
  const size_t dash = text.find('-');
  const std::string quoted = excerpt(text);
  if (dash == std::string_view::npos) return Error(quoted + " are no hours: write them as 08:00-18:00");
  const auto begin = time_of_day(text.substr(0, dash)), end = time_of_day(text.substr(dash + 1));
  if (!begin || !end) return Error(quoted + " are no hours: write them as 08:00-18:00, from 00:00 to 24:00");
  if (*begin == kDay) return Error(quoted + " begin at 24:00: write 00:00, of the next day");
  if (*begin == *end) return Error(quoted + " are of no length: write 00:00-24:00 for a whole day");
  return Hours{*begin, *end};
}

// Sorted, those that touch as one.
std::vector<Window> joined(std::vector<Window> windows) {
  std::ranges::sort(windows, {}, &Window::begin);
  std::vector<Window> apart;
  for (const Window& window : windows) {
    if (!apart.empty() && window.begin <= apart.back().end)
      apart.back().end = std::max(apart.back().end, window.end);
    else
      apart.push_back(window);
  }
  return apart;
}

std::vector<Window> windows_of(const Days& days, const std::vector<Hours>& hours) {
  std::vector<Window> windows;
  for (uint32_t day = 0; day < days.size(); ++day) {
    if (!days[day]) continue;
    for (const Hours& range : hours) {
      const uint32_t begin = day * kDay + range.begin;
      const uint32_t end = day * kDay + range.end + (range.end > range.begin ? 0 : kDay);
      windows.push_back({begin, std::min(end, kWeek)});
      if (end > kWeek) windows.push_back({0, end - kWeek});
    }
  }
  return joined(std::move(windows));
}

// ---- parts ----

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words = split(text, ' ');
  std::erase(words, std::string_view());
  return words;
}

bool begins_with_digit(std::string_view text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

Result<Zone> zone_after(const std::vector<std::string_view>& words, size_t at) {
  if (at == words.size()) return Zone();
  if (at + 1 < words.size()) return Error(excerpt(words[at + 1]) + " is one word too many: " + kForms);
  return Zone::load(words[at]);
}

Result<Weekly> weekly_of(const std::vector<std::string_view>& words) {
  size_t at = 0;
  const auto days = days_of(words[at]);
  if (days) ++at;
  std::vector<Hours> hours;
  if (at < words.size() && begins_with_digit(words[at])) {
    const auto ranges = split(words[at], ',');
    if (ranges.size() > kMostRanges)
      return Error("has " + std::to_string(ranges.size()) + " ranges of hours: at most " +
                   std::to_string(kMostRanges) + " may be in a part, write another part after a ;");
    for (const std::string_view range : ranges) {
      const auto read = hours_of(range);
      if (!read) return read.error();
      hours.push_back(*read);
    }
    ++at;
  }
  if (at == 0) return Error(excerpt(words[0]) + " is neither a day nor a time: " + kForms);
  auto zone = zone_after(words, at);
  if (!zone) return zone.error();
  if (hours.empty()) hours.push_back({0, kDay});
  const Days all = {true, true, true, true, true, true, true};
  return Weekly{*zone, windows_of(days.value_or(all), hours)};
}

Result<Instant> bound_of(std::string_view text, const std::vector<std::string_view>& words,
                         const Zone& zone) {
  const auto moment = moment_of(text);
  if (!moment)
    return Error(excerpt(text) + " is no moment: write it as 2026-12-24T18:00, with Z, +01:00 or a zone");
  if (moment->offset && words.size() > 1)
    return Error(excerpt(text) + " has an offset, and a zone is named too: leave one of them out");
  return (moment->offset ? Zone::fixed(*moment->offset) : zone).instant(moment->wall);
}

Result<Interval> interval_of(const std::vector<std::string_view>& words) {
  const auto zone = zone_after(words, 1);
  if (!zone) return zone.error();
  const auto bounds = split(words[0], '/');
  if (bounds.size() != 2 || (bounds[0].empty() && bounds[1].empty()))
    return Error(excerpt(words[0]) + " is no interval: write it as 2026-12-24T18:00/2026-12-27T06:00");
  Interval interval;
  for (const auto& [text, bound] :
       {std::pair(bounds[0], &interval.begin), std::pair(bounds[1], &interval.end)}) {
    if (text.empty()) continue;
    const auto read = bound_of(text, words, *zone);
    if (!read) return read.error();
    *bound = *read;
  }
  if (interval.begin >= interval.end)
    return Error(excerpt(words[0]) + " ends before it begins: write the earlier moment first");
  return interval;
}

Result<Part> part_of(std::string_view text) {
  Part part;
  auto words = words_of(text);
  if (!words.empty() && words[0].front() == '!') {
    part.taken_away = true;
    words[0].remove_prefix(1);
    std::erase(words, std::string_view());
  }
  if (words.empty()) return Error(std::string("is empty: ") + kForms);
  const bool is_interval = words[0].find('/') != std::string_view::npos &&
                           (begins_with_digit(words[0]) || words[0].front() == '/');
  if (is_interval) {
    auto interval = interval_of(words);
    if (!interval) return interval.error();
    part.when = *std::move(interval);
  } else {
    auto weekly = weekly_of(words);
    if (!weekly) return weekly.error();
    part.when = *std::move(weekly);
  }
  return part;
}

}  // namespace

Result<Schedule> parse(std::string_view expression) {
  if (expression.size() > kLongestExpression)
    return Error("is " + std::to_string(expression.size()) + " bytes long: at most " +
                 std::to_string(kLongestExpression) + " may be, write another policy");
  const auto texts = split(expression, ';');
  if (texts.size() > kMostParts)
    return Error("has " + std::to_string(texts.size()) + " parts: at most " + std::to_string(kMostParts) +
                 " may be, write another policy");
  Schedule schedule;
  for (const std::string_view text : texts) {
    auto part = part_of(text);
    if (!part && texts.size() == 1) return part.error();
    if (!part) return part.error().within("part " + std::to_string(schedule.parts.size() + 1));
    schedule.parts.push_back(*std::move(part));
  }
  return schedule;
}

Result<Instant> parse_instant(std::string_view text) {
  const auto words = words_of(text);
  if (words.empty()) return Error("is empty: write 2026-12-24T18:00, with Z, +01:00 or a zone");
  if (words.size() > 2)
    return Error(excerpt(words[2]) + " is one word too many: write 2026-12-24T18:00 ZONE");
  const auto zone = zone_after(words, 1);
  if (!zone) return zone.error();
  return bound_of(words[0], words, *zone);
}

}  // namespace sluice::times
