#include "agent/times/calendar.h"

#include <gtest/gtest.h>

#include <random>

#include "agent/times/hours.h"
#include "agent/times/parse.h"

namespace sluice::times {
namespace {

using model::Change;
using Changes = std::vector<Change>;

Instant moment(std::string_view text) {
  return parse_instant(text).value();
}

model::NetworkPolicy policy(const std::string& name, const std::string& active) {
  model::NetworkPolicy policy;
  policy.name = {"shop", name};
  policy.active = active;
  return policy;
}

Changes upserts(std::initializer_list<model::NetworkPolicy> policies) {
  Changes changes;
  for (const auto& one : policies) changes.push_back(Change::upsert(one));
  return changes;
}

std::string text(const Changes& changes) {
  std::string all;
  for (const Change& change : changes)
    all += (all.empty() ? "" : " ") + std::string(change.is_removal() ? "-" : "+") + change.id().name.name;
  return all;
}

TEST(Calendar, KeepsBackWhatIsOutsideItsHours) {
  Calendar calendar;
  const Instant noon = moment("2026-11-30T12:00Z");
  EXPECT_EQ(text(calendar.admit(upserts({policy("days", "08:00-18:00"), policy("nights", "22:00-06:00"),
                                         policy("always", "")}),
                                noon)),
            "+days -nights +always");
  EXPECT_EQ(calendar.outside(), 1U);
  EXPECT_EQ(calendar.entries().size(), 2U);
  EXPECT_EQ(calendar.next(), moment("2026-11-30T18:00Z"));
  ASSERT_TRUE(calendar.next_switch());
  EXPECT_EQ(calendar.next_switch()->id.name.name, "days");
  EXPECT_FALSE(calendar.next_switch()->begins);
}

TEST(Calendar, AllThatSwitchAtAMomentDoSoAtOnce) {
  Calendar calendar;
  calendar.admit(upserts({policy("a", "08:00-18:00"), policy("b", "!08:00-18:00"), policy("c", "09:00-18:00"),
                          policy("d", "18:00-19:00"), policy("e", "10:00-19:00")}),
                 moment("2026-11-30T12:00Z"));
  EXPECT_EQ(text(calendar.turn(moment("2026-11-30T17:59:59Z"))), "");
  EXPECT_EQ(text(calendar.turn(moment("2026-11-30T18:00Z"))), "-a +b -c +d");
  EXPECT_EQ(text(calendar.turn(moment("2026-11-30T18:00Z"))), "");
  EXPECT_EQ(calendar.next(), moment("2026-11-30T19:00Z"));
}

TEST(Calendar, APolicyThatIsKeptBackChangesUnseen) {
  Calendar calendar;
  const Instant noon = moment("2026-11-30T12:00Z");
  calendar.admit(upserts({policy("x", "22:00-06:00")}), noon);
  EXPECT_EQ(text(calendar.admit(upserts({policy("x", "23:00-06:00")}), noon)), "");
  EXPECT_EQ(text(calendar.turn(moment("2026-11-30T22:00Z"))), "");
  EXPECT_EQ(text(calendar.admit(upserts({policy("x", "")}), noon)), "+x");
  EXPECT_TRUE(calendar.entries().empty());
  EXPECT_EQ(calendar.next(), std::nullopt);
}

TEST(Calendar, APolicyThatIsKeptBackGoesUnseen) {
  Calendar calendar;
  const Instant noon = moment("2026-11-30T12:00Z");
  const auto x = policy("x", "22:00-06:00"), y = policy("y", "08:00-18:00");
  calendar.admit(upserts({x, y}), noon);
  EXPECT_EQ(text(calendar.admit({Change::remove(model::id_of(x)), Change::remove(model::id_of(y))}, noon)),
            "-y");
  EXPECT_TRUE(calendar.entries().empty());
}

TEST(Calendar, WhatEndsMeanwhileEndsBeforeWhatComes) {
  Calendar calendar;
  calendar.admit(upserts({policy("x", "08:00-18:00")}), moment("2026-11-30T12:00Z"));
  EXPECT_EQ(text(calendar.admit(upserts({policy("y", "")}), moment("2026-11-30T18:00Z"))), "-x +y");
}

TEST(Calendar, AClockThatIsSetIsOneMomentAsAnyOther) {
  Calendar calendar;
  calendar.admit(upserts({policy("day", "08:00-18:00"), policy("once", "2026-12-24T18:00/2026-12-27T06:00")}),
                 moment("2026-11-30T12:00Z"));
  EXPECT_EQ(text(calendar.turn(moment("2026-12-25T03:00Z"))), "-day +once");  // forward, over many edges
  EXPECT_EQ(text(calendar.turn(moment("2026-12-20T09:00Z"))), "+day -once");  // back
  EXPECT_EQ(text(calendar.turn(moment("1970-01-01T00:00Z"))), "-day");        // a clock that was never set
  EXPECT_EQ(calendar.next(), moment("1970-01-01T08:00Z"));
  EXPECT_EQ(text(calendar.turn(moment("2027-01-01T08:00Z"))), "+day");
}

TEST(Calendar, AClockSetBackSinceAPolicyCameIsNoticed) {
  Calendar calendar;
  calendar.admit({}, moment("2026-11-30T12:00Z"));
  calendar.admit(upserts({policy("x", "18:00-19:00")}), moment("2026-11-30T18:30Z"));
  EXPECT_EQ(text(calendar.turn(moment("2026-11-30T12:30Z"))), "-x");
}

TEST(Calendar, WhatCannotBeReadIsAlwaysInForce) {
  Calendar calendar;
  const Instant noon = moment("2026-11-30T12:00Z");
  calendar.admit(upserts({policy("x", "22:00-06:00")}), noon);
  EXPECT_EQ(text(calendar.admit(upserts({policy("x", "22:00-06:00 Europe/Atlantis")}), noon)), "+x");
  ASSERT_EQ(calendar.unread().size(), 1U);
  EXPECT_NE(calendar.unread().begin()->second.find("Europe/Atlantis"), std::string::npos);
  EXPECT_EQ(text(calendar.admit(upserts({policy("x", "22:00-06:00 Europe/Berlin")}), noon)), "-x");
  EXPECT_TRUE(calendar.unread().empty());
}

TEST(Calendar, WhatNobodyLookedFurtherThanIsLookedAtAgain) {
  Calendar calendar;
  calendar.admit(upserts({policy("x", "Mon-Fri 08:00-18:00; 2020-01-01T00:00/9999-01-01T00:00")}),
                 moment("2026-11-30T12:00Z"));
  EXPECT_FALSE(calendar.next_switch());
  const auto again = calendar.next();
  ASSERT_TRUE(again);
  EXPECT_EQ(text(calendar.turn(*again)), "");
  EXPECT_GT(calendar.next(), again);
}

// Law 1, with policies that come, change, lose their hours and go, and a clock that is set to and fro.
TEST(Calendar, WhatItLetsThroughIsWhatIsLeftAtThatMoment) {
  const char* const hours[] = {"",
                               "08:00-18:00 Europe/Berlin",
                               "!Mon-Fri",
                               "Sat,Sun 10:00-12:00 America/New_York; !2026-12-24T18:00/2026-12-27T06:00",
                               "2026-12-01T00:00/2026-12-20T00:00",
                               "nonsense"};
  std::mt19937 random(7);
  const auto below = [&random](size_t n) { return random() % n; };
  Calendar calendar;
  model::Cluster all, through;
  Instant now = moment("2026-11-30T12:00Z");
  for (int step = 0; step < 4000; ++step) {
    Changes changes;
    for (size_t i = below(4); i > 0; --i) {
      const auto one = policy("p" + std::to_string(below(8)), hours[below(std::size(hours))]);
      changes.push_back(below(4) == 0 ? Change::remove(model::id_of(one)) : Change::upsert(one));
    }
    for (const Change& change : changes) all.apply(change);
    now += std::chrono::seconds(below(10) == 0 ? -static_cast<int>(below(900000))
                                               : static_cast<int>(below(40000)));
    for (const Change& change : changes.empty() ? calendar.turn(now) : calendar.admit(changes, now))
      through.apply(change);
    model::Cluster left = all;
    const Outside outside = at(left, now);
    ASSERT_EQ(through, left) << "step " << step << " at " << to_text(now);
    ASSERT_EQ(calendar.outside(), outside.ids.size());
    ASSERT_EQ(calendar.unread(), outside.unread);
  }
}

}  // namespace
}  // namespace sluice::times
