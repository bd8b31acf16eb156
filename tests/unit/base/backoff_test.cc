#include "agent/base/backoff.h"

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, DoublesUpToItsLongestAndBeginsAnewAfterASuccess) {
  Backoff backoff(milliseconds(100), milliseconds(500));
  for (const int expected : {100, 200, 400, 500, 500}) EXPECT_EQ(backoff.next(), milliseconds(expected));
  backoff.reset();
  EXPECT_EQ(backoff.next(), milliseconds(100));
  EXPECT_EQ(backoff.next(milliseconds(150)), milliseconds(150)) << "another longest, for once";
  EXPECT_EQ(backoff.next(), milliseconds(400));
}

TEST(Backoff, IsItsLongestHoweverManyFailuresThereWere) {
  EXPECT_EQ(Backoff::after(1'000'000, milliseconds(1000), milliseconds(60'000)), milliseconds(60'000));
}

}  // namespace
}  // namespace sluice::base
