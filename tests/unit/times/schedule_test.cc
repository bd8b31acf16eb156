#include "agent/times/schedule.h"

#include <gtest/gtest.h>

#include "agent/times/parse.h"

namespace sluice::times {
namespace {

using std::chrono::seconds;

Instant moment(std::string_view text) {
  return parse_instant(text).value();
}

// Every edge from `from` to `to`, as next_edge() goes from one to the next.
std::vector<Instant> edges(const Schedule& schedule, Instant from, Instant to) {
  std::vector<Instant> all;
  for (auto edge = next_edge(schedule, from); edge && edge->at <= to; edge = next_edge(schedule, edge->at)) {
    EXPECT_TRUE(edge->changes);
    all.push_back(edge->at);
  }
  return all;
}

// The same, by looking at every step.
std::vector<Instant> edges_by_looking(const Schedule& schedule, Instant from, Instant to, seconds step) {
  std::vector<Instant> all;
  bool before = is_active(schedule, from);
  for (Instant at = from + step; at <= to; at += step) {
    const bool now = is_active(schedule, at);
    if (now != before) all.push_back(at);
    before = now;
  }
  return all;
}

const char* const kExpressions[] = {
    "Mon-Fri 08:00-18:00 ZONE",
    "!Mon-Fri 08:00-18:00 ZONE",
    "Sat,Sun ZONE",
    "22:00-06:00 ZONE",
    "02:30-02:45 ZONE",
    "01:15-02:30 ZONE",
    "Sun 01:30-03:30 ZONE",
    "Mon-Sun 00:00-24:00 ZONE",
    "Mon-Fri 08:00-18:00 ZONE; 2026-12-24T18:00/2026-12-27T06:00 ZONE",
    "Mon-Fri 06:00-22:00 ZONE; !12:00-13:00 UTC; !2026-03-28T18:00/2026-03-30T12:00 ZONE",
    "Mon-Fri 09:00-17:30 ZONE; Mon-Fri 09:00-17:30 America/New_York",
};
const char* const kZones[] = {"Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"};

std::string in_zone(std::string expression, const std::string& zone) {
  for (size_t at; (at = expression.find("ZONE")) != std::string::npos;) expression.replace(at, 4, zone);
  return expression;
}

// Bounds are at whole quarters of an hour in all of them.
TEST(Schedule, ChangesAtItsEdgesAndNowhereElseInAYear) {
  for (const char* zone : kZones)
    for (const char* expression : kExpressions) {
      const Schedule schedule = parse(in_zone(expression, zone)).value();
      const Instant from = moment("2026-01-01T00:00Z"), to = moment("2027-01-02T00:00Z");
      EXPECT_EQ(edges(schedule, from, to), edges_by_looking(schedule, from, to, seconds(900)))
          << in_zone(expression, zone);
    }
}

// The weeks in which clocks are set, and a common one, each minute.
TEST(Schedule, ChangesAtItsEdgesInEachMinuteOfSomeWeeks) {
  for (const char* begin : {"2026-03-06T00:00Z", "2026-03-27T00:00Z", "2026-07-01T00:00Z",
                            "2026-10-23T00:00Z", "2026-12-21T00:00Z"})
    for (const char* zone : kZones)
      for (const char* expression : kExpressions) {
        const Schedule schedule = parse(in_zone(expression, zone)).value();
        const Instant from = moment(begin), to = from + std::chrono::days(10);
        EXPECT_EQ(edges(schedule, from, to), edges_by_looking(schedule, from, to, seconds(60)))
            << in_zone(expression, zone);
      }
}

TEST(Schedule, WhereClocksLeapOverABoundItIsReachedAtTheLeap) {
  const Schedule schedule = parse("02:30-04:00 Europe/Berlin").value();
  EXPECT_EQ(next_edge(schedule, moment("2026-03-28T12:00Z")), Edge{moment("2026-03-29T01:00Z")});
  const Schedule ends = parse("01:00-02:30 Europe/Berlin").value();
  EXPECT_EQ(next_edge(ends, moment("2026-03-29T00:30Z")), Edge{moment("2026-03-29T01:00Z")});
}

TEST(Schedule, HoursThatClocksShowTwiceArePassedTwice) {
  const Schedule schedule = parse("02:15-02:45 Europe/Berlin").value();
  const std::vector<Instant> twice = {moment("2026-10-25T00:15Z"), moment("2026-10-25T00:45Z"),
                                      moment("2026-10-25T01:15Z"), moment("2026-10-25T01:45Z")};
  EXPECT_EQ(edges(schedule, moment("2026-10-24T12:00Z"), moment("2026-10-25T12:00Z")), twice);
}

TEST(Schedule, AnIntervalIsOfMomentsWhateverClocksDo) {
  const Schedule schedule = parse("2026-10-25T02:15/2026-10-25T02:45 Europe/Berlin").value();
  const std::vector<Instant> once = {moment("2026-10-25T00:15Z"), moment("2026-10-25T00:45Z")};
  EXPECT_EQ(edges(schedule, moment("2026-10-24T12:00Z"), moment("2026-10-26T12:00Z")), once);
}

TEST(Schedule, WhatNeverChangesAgainHasNoEdge) {
  for (const char* expression : {"Mon-Sun", "00:00-24:00 Europe/Berlin", "/2026-01-01T00:00", "!Mon-Sun",
                                 "2020-01-01T00:00/2020-01-02T00:00", "2020-01-01T00:00/"})
    EXPECT_EQ(next_edge(parse(expression).value(), moment("2026-06-01T00:00Z")), std::nullopt) << expression;
}

TEST(Schedule, AnEdgeFarAheadIsFound) {
  EXPECT_EQ(next_edge(parse("2031-01-01T00:00/").value(), moment("2026-06-01T00:00Z")),
            Edge{moment("2031-01-01T00:00Z")});
}

// Bounds that hide each other for centuries: it says how far it looked, some weeks.
TEST(Schedule, NobodyLooksForEver) {
  const Schedule schedule = parse("Mon-Fri 08:00-18:00; 2020-01-01T00:00/9999-01-01T00:00").value();
  const auto edge = next_edge(schedule, moment("2026-06-01T00:00Z"));
  ASSERT_TRUE(edge);
  EXPECT_FALSE(edge->changes);
  EXPECT_GT(edge->at, moment("2026-07-01T00:00Z"));
}

}  // namespace
}  // namespace sluice::times
