#include "agent/base/descriptors.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace sluice::base {
namespace {

TEST(Descriptors, TheSoftLimitBecomesTheHardOne) {
  rlimit before{}, after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{before.rlim_max / 2, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_TRUE(raise_descriptor_limit().ok());
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  EXPECT_EQ(after.rlim_max, before.rlim_max);
  EXPECT_TRUE(raise_descriptor_limit().ok()) << "at the limit already";
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace sluice::base
