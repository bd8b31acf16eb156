#include "agent/control/standby.h"

#include <gtest/gtest.h>

#include <atomic>

namespace sluice::control {
namespace {

TEST(Standby, DoesItsTaskOnceItIsDueAndIsWaitedFor) {
  std::atomic<int> done = 0;
  {
    auto standby = Standby::start([&] { ++done; });
    ASSERT_TRUE(standby) << standby.error().message();
    EXPECT_EQ(done, 0);
    (*standby)->go();
  }
  EXPECT_EQ(done, 1);
}

TEST(Standby, DoesNothingWhereItIsNeverDue) {
  std::atomic<int> done = 0;
  {
    auto standby = Standby::start([&] { ++done; });
    ASSERT_TRUE(standby) << standby.error().message();
  }
  EXPECT_EQ(done, 0);
}

}  // namespace
}  // namespace sluice::control
