#include "tests/oracle/hours.h"

#include <cstdlib>
#include <ctime>
#include <sstream>
#include <vector>

namespace sluice::oracle {
namespace {

const std::vector<std::string> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
const std::vector<std::string> kZones = {
    "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC", ""};
// When clocks are set there: Berlin, New York, Lord Howe (by half an hour).
constexpr int64_t kSettings[] = {1774746000, 1792890000, 1772953200, 1793512800, 1775314800, 1791041400};
constexpr int64_t kYearBegin = 1767225600, kYearSeconds = int64_t{365} * 86400;  // 2026

std::string two_digits(int number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

std::string random_time(Random& random) {
  return two_digits(random.between(0, 23)) + ":" + random.pick({"00", "15", "30", "59"});
}

std::string random_days(Random& random) {
  std::string text;
  for (int items = random.between(1, 2); items > 0; --items)
    text +=
        (text.empty() ? "" : ",") + random.pick(kDays) + (random.chance(50) ? "-" + random.pick(kDays) : "");
  return text;
}

std::string random_ranges(Random& random) {
  std::string text;
  for (int ranges = random.between(1, 2); ranges > 0; --ranges) {
    const std::string begin = random_time(random);
    const std::string end = random.chance(10) ? "24:00" : random_time(random);
    if (begin != end) text += (text.empty() ? "" : ",") + begin + "-" + end;
  }
  return text.empty() ? "00:00-24:00" : text;
}

std::string random_date(Random& random, int month) {
  return "2026-" + two_digits(month) + "-" + two_digits(random.between(1, 28)) + "T" +
         random.pick({"06:00", "12:30", "18:00:30"});
}

std::string random_part(Random& random) {
  std::string text = random.chance(20) ? random.pick({"!", "! "}) : "";
  const std::string zone = random.pick(kZones);
  if (random.chance(25)) {
    const int month = random.between(1, 12);
    text += random.chance(10) ? "/" : random_date(random, random.between(1, month)) + "/";
    text += text.back() == '/' && text.size() > 3 && random.chance(10)
                ? ""
                : "2027-01-" + two_digits(month) + "T06:00";
  } else {
    const bool days = random.chance(70);
    if (days) text += random_days(random);
    if (!days || random.chance(70)) text += (days ? " " : "") + random_ranges(random);
  }
  return text + (zone.empty() ? "" : " " + zone);
}

// ---- what it means ----

std::tm clock_at(int64_t moment, const std::string& zone) {
  ::setenv("TZ", (":" + (zone.empty() ? "UTC" : zone)).c_str(), 1);
  ::tzset();
  const std::time_t time = moment;
  std::tm clock{};
  ::localtime_r(&time, &clock);
  ::unsetenv("TZ");
  ::tzset();
  return clock;
}

std::vector<std::string> divided(const std::string& text, char at) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string one; std::getline(in, one, at);) all.push_back(one);
  return all;
}

size_t day_number(const std::string& name) {
  for (size_t i = 0; i < kDays.size(); ++i)
    if (kDays[i] == name) return i;
  std::abort();
}

bool names_day(const std::string& days, size_t day) {
  if (days.empty()) return true;
  for (const std::string& item : divided(days, ',')) {
    const size_t first = day_number(item.substr(0, 3)), last = day_number(item.substr(item.size() - 3));
    if (first <= last ? first <= day && day <= last : first <= day || day <= last) return true;
  }
  return false;
}

bool within_days(const std::string& days, const std::string& ranges, const std::tm& clock) {
  const auto today = static_cast<size_t>((clock.tm_wday + 6) % 7);
  const std::string now = two_digits(clock.tm_hour) + ":" + two_digits(clock.tm_min);
  for (const std::string& range : divided(ranges.empty() ? "00:00-24:00" : ranges, ',')) {
    const std::string begin = range.substr(0, 5), end = range.substr(6);
    const bool by_day = begin < end;
    if (names_day(days, today) && begin <= now && (!by_day || now < end)) return true;
    if (!by_day && names_day(days, (today + 6) % 7) && now < end) return true;
  }
  return false;
}

bool within_interval(const std::string& interval, const std::tm& clock) {
  char now[32];
  std::strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%S", &clock);
  const size_t slash = interval.find('/');
  const std::string begin = interval.substr(0, slash), end = interval.substr(slash + 1);
  return (begin.empty() || begin <= now) && (end.empty() || now < end);
}

bool within_part(const std::vector<std::string>& words, int64_t moment) {
  std::string days, ranges, interval, zone;
  for (const std::string& word : words) {
    const bool number = word[0] >= '0' && word[0] <= '9';
    if (word[0] == '/' || (number && word.find('/') != std::string::npos))
      interval = word;
    else if (number)
      ranges = word;
    else if (word == "UTC" || word.find('/') != std::string::npos)
      zone = word;
    else
      days = word;
  }
  const std::tm clock = clock_at(moment, zone);
  return interval.empty() ? within_days(days, ranges, clock) : within_interval(interval, clock);
}

template <typename Policies>
void give_hours(Policies& policies, Random& random) {
  for (auto& [name, policy] : policies)
    if (random.chance(33)) policy.active = random_hours(random);
}

template <typename Policies>
void keep_active(Policies& policies, int64_t moment) {
  for (auto at = policies.begin(); at != policies.end();)
    at = at->second.active.empty() || is_active(at->second.active, moment) ? std::next(at)
                                                                           : policies.erase(at);
}

}  // namespace

std::string random_hours(Random& random) {
  std::string text = random_part(random);
  for (int more = random.between(0, 2); more > 0; --more)
    text += random.pick({";", "; "}) + random_part(random);
  return text;
}

int64_t random_moment(Random& random) {
  if (random.chance(33)) return kSettings[random.below(std::size(kSettings))] + random.between(-7200, 7200);
  return kYearBegin + static_cast<int64_t>(random.below(kYearSeconds));
}

model::Cluster with_hours(model::Cluster cluster, uint64_t seed) {
  Random random(seed);
  give_hours(cluster.policies, random);
  give_hours(cluster.cluster_policies, random);
  return cluster;
}

bool is_active(const std::string& expression, int64_t moment) {
  bool given = false, gives = false;
  for (std::string part : divided(expression, ';')) {
    const size_t mark = part.find('!');
    if (mark != std::string::npos) part[mark] = ' ';
    std::vector<std::string> words = divided(part, ' ');
    std::erase(words, "");
    const bool within = within_part(words, moment);
    if (mark != std::string::npos && within) return false;
    gives = gives || mark == std::string::npos;
    given = given || (mark == std::string::npos && within);
  }
  return given || !gives;
}

model::Cluster within_hours(model::Cluster cluster, int64_t moment) {
  keep_active(cluster.policies, moment);
  keep_active(cluster.cluster_policies, moment);
  return cluster;
}

}  // namespace sluice::oracle
