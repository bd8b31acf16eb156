#include "agent/times/parse.h"

#include <gtest/gtest.h>

namespace sluice::times {
namespace {

struct Row {
  const char* expression;
  const char* at;
  bool active;
};

// 2026-11-30 is a Monday.
TEST(Parse, WhatIsWrittenHolds) {
  const Row rows[] = {
      {"Mon-Fri 08:00-18:00 Europe/Berlin", "2026-11-30T07:00Z", true},
      {"Mon-Fri 08:00-18:00 Europe/Berlin", "2026-11-30T06:59:59Z", false},
      {"Mon-Fri 08:00-18:00 Europe/Berlin", "2026-11-30T16:59:59Z", true},
      {"Mon-Fri 08:00-18:00 Europe/Berlin", "2026-11-30T17:00Z", false},
      {"Mon-Fri 08:00-18:00 Europe/Berlin", "2026-12-05T12:00Z", false},
      // In summer that clock is two hours before UTC.
      {"Mon-Fri 08:00-18:00 Europe/Berlin", "2026-07-01T06:00Z", true},
      {"mon-FRI 08:00-18:00", "2026-11-30T08:00Z", true},
      {"Mon-Fri 08:00-18:00", "2026-11-30T07:59:59Z", false},
      {"08:00-18:00 Asia/Kolkata", "2026-12-05T02:30Z", true},
      {"08:00-18:00 Asia/Kolkata", "2026-12-05T02:29:59Z", false},
      {"Sat,Sun", "2026-12-05T00:00Z", true},
      {"Sat,Sun", "2026-12-07T00:00Z", false},
      {"Sat,Sun UTC", "2026-12-06T23:59:59Z", true},
      {"Fri-Mon", "2026-11-30T12:00Z", true},
      {"Fri-Mon", "2026-12-01T00:00Z", false},
      {"Mon,Wed-Thu", "2026-12-03T12:00Z", true},
      {"Mon,Wed-Thu", "2026-12-01T12:00Z", false},
      // Over midnight: of the day that is named into the next; of Sunday into Monday.
      {"Fri 22:00-06:00", "2026-12-04T22:00Z", true},
      {"Fri 22:00-06:00", "2026-12-05T05:59:59Z", true},
      {"Fri 22:00-06:00", "2026-12-05T06:00Z", false},
      {"Fri 22:00-06:00", "2026-12-04T05:00Z", false},
      {"Sun 22:00-06:00", "2026-11-30T05:00Z", true},
      {"Sun 22:00-06:00", "2026-12-01T05:00Z", false},
      {"Mon 20:00-24:00", "2026-11-30T23:59:59Z", true},
      {"Mon 20:00-24:00", "2026-12-01T00:00Z", false},
      {"Mon 08:00-12:00,13:00-17:00:30", "2026-11-30T12:30Z", false},
      {"Mon 08:00-12:00,13:00-17:00:30", "2026-11-30T17:00:29Z", true},
      {"2026-12-24T18:00/2026-12-27T06:00", "2026-12-24T18:00Z", true},
      {"2026-12-24T18:00/2026-12-27T06:00", "2026-12-27T06:00Z", false},
      {"2026-12-24T18:00/2026-12-27T06:00 Europe/Berlin", "2026-12-24T17:00Z", true},
      {"2026-12-24T18:00+02:00/2026-12-27T06:00:30Z", "2026-12-24T16:00Z", true},
      {"2026-12-24T18:00+02:00/2026-12-27T06:00:30Z", "2026-12-27T06:00:29Z", true},
      {"2026-12-24T18:00-05:30/", "2026-12-24T23:29:59Z", false},
      {"2026-12-24T18:00-05:30/", "2999-01-01T00:00Z", true},
      {"/2026-12-24T18:00", "1970-01-01T00:00Z", true},
      {"/2026-12-24T18:00", "2026-12-24T18:00Z", false},
      {"!Mon-Fri 08:00-18:00", "2026-11-30T08:00Z", false},
      {"! Mon-Fri 08:00-18:00", "2026-11-30T18:00Z", true},
      {"Mon; Wed", "2026-12-02T08:00Z", true},
      {"Mon; Wed", "2026-12-01T08:00Z", false},
      {"Mon-Sun; !2026-12-24T18:00/2026-12-27T06:00", "2026-12-25T08:00Z", false},
      {"Mon-Sun; !2026-12-24T18:00/2026-12-27T06:00", "2026-12-28T08:00Z", true},
      {"!Mon;!Tue", "2026-12-01T08:00Z", false},
      {"!Mon;!Tue", "2026-12-02T08:00Z", true},
      {"2024-02-29T00:00/2024-03-01T00:00", "2024-02-29T12:00Z", true},
  };
  for (const Row& row : rows) {
    const auto schedule = parse(row.expression);
    ASSERT_TRUE(schedule) << row.expression << ": " << schedule.error().message();
    EXPECT_EQ(is_active(*schedule, parse_instant(row.at).value()), row.active)
        << row.expression << " at " << row.at;
  }
}

struct Wrong {
  const char* expression;
  const char* message;  // how it begins
};

TEST(Parse, WhatIsWrongIsSaid) {
  const Wrong rows[] = {
      {"", "is empty: write it as Mon-Fri 08:00-18:00 Europe/Berlin or "},
      {"!", "is empty: "},
      {"Mon; ", "part 2: is empty: "},
      {"Mo-Fr 08:00-18:00", "\"Mo-Fr\" is neither a day nor a time: write it as Mon-Fri"},
      {"weekdays", "\"weekdays\" is neither a day nor a time: "},
      {"Europe/Berlin", "\"Europe/Berlin\" is neither a day nor a time: "},
      {"Mon-Fri 8:00-18:00", "\"8:00-18:00\" are no hours: write them as 08:00-18:00, from 00:00 to 24:00"},
      {"Mon-Fri 08:00", "\"08:00\" are no hours: "},
      {"Mon-Fri 08:00-25:00", "\"08:00-25:00\" are no hours: "},
      {"Mon-Fri 08:00-24:00:01", "\"08:00-24:00:01\" are no hours: "},
      {"Mon-Fri 08:60-18:00", "\"08:60-18:00\" are no hours: "},
      {"Mon-Fri 08:00-18:00,", "\"\" are no hours: "},
      {"Mon-Fri 24:00-08:00", "\"24:00-08:00\" begin at 24:00: write 00:00, of the next day"},
      {"Mon-Fri 08:00-08:00", "\"08:00-08:00\" are of no length: write 00:00-24:00 for a whole day"},
      {"Mon-Fri 08:00-18:00 Europe/Atlantis",
       "\"Europe/Atlantis\" is no time zone that this machine's tzdata has"},
      {"Mon-Fri 08:00-18:00 ../etc/passwd", "\"../etc/passwd\" is no time zone: write one as Europe/Berlin"},
      {"Mon-Fri 08:00-18:00 Europe/Berlin now", "\"now\" is one word too many: "},
      {"2026-12-24/2026-12-27", "\"2026-12-24\" is no moment: write it as 2026-12-24T18:00, with Z"},
      {"2026-02-30T00:00/2026-12-27T06:00", "\"2026-02-30T00:00\" is no moment: "},
      {"2026-12-24T24:00/2026-12-27T06:00", "\"2026-12-24T24:00\" is no moment: "},
      {"2026-12-24T18:00+1/2026-12-27T06:00", "\"2026-12-24T18:00+1\" is no moment: "},
      {"1969-12-24T18:00/2026-12-27T06:00", "\"1969-12-24T18:00\" is no moment: "},
      {"2026-12-24T18:00", "\"2026-12-24T18:00\" are no hours: "},
      {"/", "\"/\" is no interval: write it as 2026-12-24T18:00/2026-12-27T06:00"},
      {"2026-12-24T18:00/2026-12-25T18:00/2026-12-27T06:00", "\"2026-12-24T18:00/"},
      {"2026-12-27T06:00/2026-12-24T18:00", "\"2026-12-27T06:00/2026-12-24T18:00\" ends before it begins: "},
      {"2026-12-24T18:00Z/2026-12-27T06:00 Europe/Berlin", "\"2026-12-24T18:00Z\" has an offset, and a zone"},
      {"Mon;Tue;Wed 10:00-09:99", "part 3: \"10:00-09:99\" are no hours: "},
      {"Mon\n08:00-18:00", "\"Mon\\x0a08:00-18:00\" is neither"},
  };
  for (const Wrong& row : rows) {
    const auto schedule = parse(row.expression);
    ASSERT_FALSE(schedule) << row.expression;
    EXPECT_EQ(schedule.error().message().substr(0, std::string_view(row.message).size()), row.message);
  }
}

TEST(Parse, WhatIsReadIsBounded) {
  std::string parts = "Mon", ranges = "Mon 00:00-00:01";
  for (size_t i = 1; i < kMostParts; ++i) parts += ";Mon";
  for (size_t i = 1; i < kMostRanges; ++i) ranges += ",00:00-00:01";
  EXPECT_TRUE(parse(parts));
  EXPECT_FALSE(parse(parts + ";Mon"));
  EXPECT_TRUE(parse(ranges));
  EXPECT_FALSE(parse(ranges + ",00:00-00:01"));
  EXPECT_FALSE(parse(std::string(kLongestExpression, ' ') + "Mon"));
}

TEST(Parse, HoursThatTouchAreOne) {
  const auto schedule = parse("Mon-Sun 00:00-12:00,12:00-24:00").value();
  EXPECT_EQ(std::get<Weekly>(schedule.parts[0].when).windows, (std::vector<Window>{{0, kWeek}}));
}

TEST(Parse, AMomentOfAnOption) {
  EXPECT_EQ(parse_instant("2026-12-24T18:00").value(), parse_instant("2026-12-24T18:00Z").value());
  EXPECT_EQ(parse_instant("2026-12-24T18:00 Europe/Berlin").value(),
            parse_instant("2026-12-24T17:00Z").value());
  for (const char* wrong : {"", "now", "2026-12-24", "2026-12-24 18:00", "2026-12-24T18:00Z Europe/Berlin",
                            "2026-12-24T18:00 Europe/Atlantis", "2026-12-24T18:00 UTC UTC"})
    EXPECT_FALSE(parse_instant(wrong)) << wrong;
}

}  // namespace
}  // namespace sluice::times
