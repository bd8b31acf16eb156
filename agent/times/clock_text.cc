#include "agent/times/clock_text.h"

#include <algorithm>

namespace sluice::times {
namespace {

constexpr uint32_t kSecondsADay = 86400;
constexpr size_t kDateSize = 10;  // "2026-12-24"

// A number of exactly these digits, at most `most`.
std::optional<uint32_t> number(std::string_view digits, size_t count, uint32_t most) {
  if (digits.size() != count) return std::nullopt;
  uint32_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<uint32_t>(c - '0');
  }
  return value <= most ? std::optional(value) : std::nullopt;
}

// "+01:00" as seconds; nothing where it is none.
std::optional<std::chrono::seconds> offset_of(std::string_view text) {
  if (text == "Z") return std::chrono::seconds(0);
  if (text.size() != 6 || text[3] != ':' || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const auto hours = number(text.substr(1, 2), 2, 18), minutes = number(text.substr(4), 2, 59);
  if (!hours || !minutes) return std::nullopt;
  const std::chrono::seconds east(*hours * 3600 + *minutes * 60);
  return text[0] == '-' ? -east : east;
}

std::optional<absl::CivilDay> date_of(std::string_view text) {
  if (text.size() != kDateSize || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = number(text.substr(0, 4), 4, 9999), month = number(text.substr(5, 2), 2, 12),
             day = number(text.substr(8), 2, 31);
  if (!year || !month || !day || *year < 1970) return std::nullopt;
  const absl::CivilDay date(static_cast<absl::civil_year_t>(*year), static_cast<int>(*month),
                            static_cast<int>(*day));
  // 30 February would be 2 March.
  return date.month() == static_cast<int>(*month) && date.day() == static_cast<int>(*day)
             ? std::optional(date)
             : std::nullopt;
}

}  // namespace

std::optional<uint32_t> time_of_day(std::string_view text) {
  const bool has_seconds = text.size() == 8;
  if ((text.size() != 5 && !has_seconds) || text[2] != ':' || (has_seconds && text[5] != ':'))
    return std::nullopt;
  const auto hours = number(text.substr(0, 2), 2, 24), minutes = number(text.substr(3, 2), 2, 59),
             seconds = has_seconds ? number(text.substr(6), 2, 59) : 0U;
  if (!hours || !minutes || !seconds) return std::nullopt;
  const uint32_t time = *hours * 3600 + *minutes * 60 + *seconds;
  return time <= kSecondsADay ? std::optional(time) : std::nullopt;
}

std::optional<Moment> moment_of(std::string_view text) {
  const auto date = date_of(text.substr(0, kDateSize));
  if (!date || text.size() <= kDateSize || text[kDateSize] != 'T') return std::nullopt;
  text.remove_prefix(kDateSize + 1);
  const size_t end = std::min(text.find_first_of("Z+-"), text.size());
  const auto time = time_of_day(text.substr(0, end));
  if (!time || *time == kSecondsADay) return std::nullopt;
  Moment moment{Wall(*date) + *time, {}};
  if (end == text.size()) return moment;
  moment.offset = offset_of(text.substr(end));
  return moment.offset ? std::optional(moment) : std::nullopt;
}

}  // namespace sluice::times
