#include "agent/times/clock/hours.h"

#include <gtest/gtest.h>

namespace sluice::times::clock {
namespace {

using model::Change;

model::NetworkPolicy ending_at(const char* name, Instant end) {
  model::NetworkPolicy policy;
  policy.name = {"shop", name};
  policy.active = "/" + to_text(end);
  return policy;
}

struct Clock : testing::TestWithParam<bool> {
  base::Result<Alarm> alarm() const {
    return GetParam() ? Alarm::open() : base::Result<Alarm>(base::Error("no timer here"));
  }
};

// The second is the one in which two policies end, however late the test gets there.
TEST_P(Clock, SaysWhatEndsAtTheMomentItDoes) {
  boost::asio::io_context loop;
  std::vector<std::vector<Change>> said;
  Hours hours(loop, alarm(), [&](std::vector<Change> changes) {
    EXPECT_FALSE(changes.empty());
    said.push_back(std::move(changes));
    loop.stop();
  });
  EXPECT_EQ(hours.problem().empty(), GetParam());
  const Instant end = now() + std::chrono::seconds(2);
  const auto through = hours.admit({Change::upsert(ending_at("a", end)), Change::upsert(ending_at("b", end)),
                                    Change::upsert(ending_at("later", end + std::chrono::hours(1)))});
  for (const Change& change : through) EXPECT_EQ(change.is_removal(), now() >= end);
  if (now() < end) loop.run_for(std::chrono::seconds(60));
  EXPECT_GE(now(), end);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].size(), 2U);
  for (const Change& change : said[0]) EXPECT_TRUE(change.is_removal());
  EXPECT_EQ(hours.calendar().outside(), 2U);
}

INSTANTIATE_TEST_SUITE_P(WithATimerAndWithout, Clock, testing::Bool(),
                         [](const auto& with) { return with.param ? "follows_the_clock" : "waits_plainly"; });

// Descriptors of both are let go of.
TEST(ClockHours, WithoutPoliciesNothingIsWaitedForTwice) {
  boost::asio::io_context loop;
  {
    Hours hours(loop, Alarm::open(), [](const auto&) { FAIL(); });
  }
  EXPECT_LE(loop.run_for(std::chrono::seconds(60)), 1U);
}

}  // namespace
}  // namespace sluice::times::clock
