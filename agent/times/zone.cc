#include "agent/times/zone.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "agent/base/excerpt.h"

namespace sluice::times {

using base::Error;
using base::Result;

namespace {

constexpr size_t kLongestName = 64;
constexpr char kFolder[] = "/usr/share/zoneinfo";

// Letters, digits, _, + and - between slashes: "America/Argentina/Buenos_Aires", "Etc/GMT+3".
bool is_well_formed(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_plain = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-' || c == '/';
  };
  return !name.empty() && name.size() <= kLongestName && is_letter(name.front()) && name.back() != '/' &&
         name.find("//") == name.npos && std::ranges::all_of(name, is_plain);
}

std::filesystem::path folder() {
  const char* set = std::getenv("TZDIR");
  return set != nullptr && *set != '\0' ? set : kFolder;
}

absl::Time to_absl(Instant instant) {
  return absl::FromUnixSeconds(instant.time_since_epoch().count());
}

Instant from_absl(absl::Time time) {
  return Instant(std::chrono::seconds(absl::ToUnixSeconds(time)));
}

}  // namespace

// The library keeps each name that it was ever asked for, wrong ones too: so it is asked only for files that are there.
Result<Zone> Zone::load(std::string_view name) {
  if (name == "UTC") return Zone();
  std::error_code code;
  if (!is_well_formed(name))
    return Error(base::excerpt(name) + " is no time zone: write one as Europe/Berlin, or UTC");
  if (!std::filesystem::is_directory(folder(), code))
    return Error("time zone " + base::excerpt(name) + ": this machine has no " + folder().string() +
                 ": install tzdata, or write the times in UTC");
  const std::filesystem::path file = folder() / std::filesystem::path(name);
  absl::TimeZone zone;
  if (!std::filesystem::is_regular_file(file, code) || !absl::LoadTimeZone({name.data(), name.size()}, &zone))
    return Error(base::excerpt(name) +
                 " is no time zone that this machine's tzdata has: write one as "
                 "Europe/Berlin, or UTC");
  return Zone(zone);
}

Zone Zone::fixed(std::chrono::seconds east_of_utc) {
  return Zone(absl::FixedTimeZone(static_cast<int>(east_of_utc.count())));
}

Wall Zone::wall(Instant instant) const {
  return absl::ToCivilSecond(to_absl(instant), zone_);
}

Instant Zone::instant(const Wall& wall) const {
  const absl::TimeZone::TimeInfo info = zone_.At(wall);
  return from_absl(info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre);
}

std::optional<Instant> Zone::next_setting(Instant after) const {
  absl::TimeZone::CivilTransition transition;
  absl::Time from = to_absl(after);
  // What the database notes may be a change of the zone's name alone.
  while (zone_.NextTransition(from, &transition)) {
    from = zone_.At(transition.to).trans;
    if (transition.from != transition.to) return from_absl(from);
  }
  return std::nullopt;
}

std::string to_text(Instant instant) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", to_absl(instant), absl::UTCTimeZone());
}

}  // namespace sluice::times
