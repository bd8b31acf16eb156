#include "agent/observe/last_hour.h"

#include <gtest/gtest.h>

namespace sluice::observe {
namespace {

constexpr int64_t kMinute = 60'000'000'000;

TEST(LastHour, CountsSixtyMinutesAndForgetsTheRest) {
  LastHour hour;
  EXPECT_EQ(hour.count(0), 0u);
  hour.add(0, 5);
  hour.add(kMinute - 1, 1);
  hour.add(kMinute, 10);
  EXPECT_EQ(hour.count(kMinute), 16u);
  EXPECT_EQ(hour.count(59 * kMinute), 16u);
  EXPECT_EQ(hour.count(60 * kMinute), 10u);
  EXPECT_EQ(hour.count(61 * kMinute), 0u);
  hour.add(60 * kMinute, 2);  // the place of minute 0
  EXPECT_EQ(hour.count(60 * kMinute), 12u);
  EXPECT_EQ(hour.count(1000 * kMinute), 0u);
}

}  // namespace
}  // namespace sluice::observe
