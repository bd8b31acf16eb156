#include "agent/compile/shared.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::compile {
namespace {

TEST(Shared, WhatIsEqualIsOneObjectWhileSomebodyHoldsIt) {
  Shared<int, std::string> pool;
  const auto one = pool.share(1, "tiers"), another = pool.share(1, "tiers");
  EXPECT_EQ(one, another);
  EXPECT_NE(pool.share(2, "tiers of another id"), one);
  const std::weak_ptr<const std::string> gone = pool.share(3, "gone");
  EXPECT_TRUE(gone.expired());
  EXPECT_EQ(*pool.share(3, "gone"), "gone");
}

TEST(Shared, TwoContentsOfOneIdAreTwoObjects) {
  Shared<int, std::string> pool;
  const auto one = pool.share(1, "one"), twin = pool.share(1, "twin");
  EXPECT_EQ(*one, "one");
  EXPECT_EQ(*twin, "twin");
  EXPECT_EQ(pool.share(1, "one"), one) << "the earlier one is still shared";
}

TEST(Shared, ManyThatAreGoneLeaveTheOthers) {
  Shared<int, int> pool;
  const auto held = pool.share(0, 0);
  for (int id = 1; id < 10'000; ++id) EXPECT_EQ(*pool.share(id, id), id);
  EXPECT_EQ(pool.share(0, 0), held);
}

}  // namespace
}  // namespace sluice::compile
