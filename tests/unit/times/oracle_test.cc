// What agent/times makes of hours against what the oracle makes of them, which shares nothing with it.
#include <gtest/gtest.h>

#include "agent/times/hours.h"
#include "agent/times/parse.h"
#include "tests/oracle/hours.h"
#include "tests/oracle/random_cluster.h"

namespace sluice::times {
namespace {

Instant instant_of(int64_t moment) {
  return Instant(std::chrono::seconds(moment));
}

TEST(TimesAndOracle, AgreeOnExpressions) {
  oracle::Random random(1);
  int active = 0, asked = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::string expression = oracle::random_hours(random);
    const auto schedule = parse(expression);
    ASSERT_TRUE(schedule) << expression << ": " << schedule.error().message();
    for (int j = 0; j < 10; ++j, ++asked) {
      const int64_t moment = oracle::random_moment(random);
      const bool is = oracle::is_active(expression, moment);
      ASSERT_EQ(is_active(*schedule, instant_of(moment)), is)
          << expression << " at " << to_text(instant_of(moment));
      active += is;
    }
  }
  // Both answers are asked for often enough.
  EXPECT_GT(active, asked / 4);
  EXPECT_LT(active, asked * 3 / 4);
}

TEST(TimesAndOracle, AgreeOnClusters) {
  oracle::Random random(2);
  size_t left_out = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    model::Cluster cluster =
        oracle::with_hours(oracle::with_tiers(oracle::random_cluster(seed, 20), seed), seed);
    const int64_t moment = oracle::random_moment(random);
    const model::Cluster left = oracle::within_hours(cluster, moment);
    left_out += at(cluster, instant_of(moment)).ids.size();
    EXPECT_EQ(cluster, left) << "seed " << seed;
  }
  EXPECT_GT(left_out, 60U);
}

}  // namespace
}  // namespace sluice::times
