#include "agent/dns/ages.h"

#include <gtest/gtest.h>

namespace sluice::dns {
namespace {

TEST(Ages, TheOldestOfEachAndOfTheOneThatHasTheMost) {
  Ages ages;
  EXPECT_EQ(ages.oldest_of(1), 0u);
  EXPECT_EQ(ages.oldest_of_most(), 0u);
  const uint64_t quiet = ages.add(1), first = ages.add(2), second = ages.add(2);
  EXPECT_TRUE(0 < quiet && quiet < first && first < second);
  EXPECT_EQ(ages.oldest_of_most(), first);
  EXPECT_EQ(ages.oldest_of(1), quiet);
  EXPECT_EQ(ages.count(2), 2u);
  ages.remove(2, first);
  ages.remove(2, first);  // once more is nothing
  ages.remove(3, second);
  EXPECT_EQ(ages.oldest_of(2), second);
  ages.remove(2, second);
  EXPECT_EQ(ages.count(2), 0u);
  EXPECT_EQ(ages.oldest_of_most(), quiet);
}

}  // namespace
}  // namespace sluice::dns
