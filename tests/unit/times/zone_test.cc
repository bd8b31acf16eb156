#include "agent/times/zone.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "agent/times/parse.h"

namespace sluice::times {
namespace {

Instant moment(std::string_view text) {
  return parse_instant(text).value();
}

TEST(Zone, NamesFromOutsideReachNoOtherFile) {
  for (const char* name : {"", "../../etc/passwd", "/etc/passwd", "Europe/../../etc/passwd", "localtime/",
                           "Europe//Berlin", "Europe/Berlin/", ":/etc/localtime", "Europe", "zone.tab",
                           "Europe/Berlin\n", "Europe/Atlantis", "Fixed/UTC+01:00:00", "europe/berlin"}) {
    const auto zone = Zone::load(name);
    ASSERT_FALSE(zone) << name;
    EXPECT_NE(zone.error().message().find("write one as Europe/Berlin, or UTC"), std::string::npos)
        << zone.error().message();
  }
  EXPECT_FALSE(Zone::load(std::string(1000, 'A')));
}

TEST(Zone, WithoutTzdataThereIsUtc) {
  const char* before = std::getenv("TZDIR");
  const std::string kept = before != nullptr ? before : "";
  ::setenv("TZDIR", "/nonexistent/zoneinfo", 1);
  const auto zone = Zone::load("Pacific/Auckland");
  EXPECT_TRUE(Zone::load("UTC"));
  before != nullptr ? ::setenv("TZDIR", kept.c_str(), 1) : ::unsetenv("TZDIR");
  ASSERT_FALSE(zone);
  EXPECT_EQ(zone.error().message(),
            "time zone \"Pacific/Auckland\": this machine has no /nonexistent/zoneinfo: install tzdata, or "
            "write the times in UTC");
}

TEST(Zone, WhereClocksLeapAMomentIsTheLeap) {
  const Zone berlin = Zone::load("Europe/Berlin").value();
  EXPECT_EQ(berlin.instant(Wall(2026, 3, 29, 2, 30, 0)), moment("2026-03-29T01:00Z"));
  EXPECT_EQ(berlin.instant(Wall(2026, 3, 29, 3, 30, 0)), moment("2026-03-29T01:30Z"));
}

TEST(Zone, WhatClocksShowTwiceIsTheFirst) {
  const Zone berlin = Zone::load("Europe/Berlin").value();
  EXPECT_EQ(berlin.instant(Wall(2026, 10, 25, 2, 30, 0)), moment("2026-10-25T00:30Z"));
  EXPECT_EQ(berlin.wall(moment("2026-10-25T00:30Z")), Wall(2026, 10, 25, 2, 30, 0));
  EXPECT_EQ(berlin.wall(moment("2026-10-25T01:30Z")), Wall(2026, 10, 25, 2, 30, 0));
}

TEST(Zone, ClocksAreSetTwiceAYear) {
  const Zone berlin = Zone::load("Europe/Berlin").value();
  EXPECT_EQ(berlin.next_setting(moment("2026-01-01T00:00Z")), moment("2026-03-29T01:00Z"));
  EXPECT_EQ(berlin.next_setting(moment("2026-03-29T01:00Z")), moment("2026-10-25T01:00Z"));
  EXPECT_EQ(berlin.next_setting(moment("2026-10-25T00:59:59Z")), moment("2026-10-25T01:00Z"));
  EXPECT_EQ(Zone().next_setting(moment("2026-01-01T00:00Z")), std::nullopt);
  EXPECT_EQ(Zone::load("Asia/Kolkata").value().next_setting(moment("2026-01-01T00:00Z")), std::nullopt);
}

TEST(Zone, InstantsAreSpelledInUtc) {
  EXPECT_EQ(to_text(moment("2026-12-24T18:00:05+01:00")), "2026-12-24T17:00:05Z");
}

}  // namespace
}  // namespace sluice::times
