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

TEST(Descriptors, ALimitThatIsTooLowIsNamedWithWhatItMustBe) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(check_descriptor_limit(before.rlim_cur).ok());
  const auto low = check_descriptor_limit(before.rlim_cur + 1);
  ASSERT_FALSE(low.ok());
  for (const std::string& part :
       {std::string("RLIMIT_NOFILE"), "is " + std::to_string(before.rlim_cur),
        std::to_string(before.rlim_cur + 1) + " are needed", std::string("LimitNOFILE")})
    EXPECT_NE(low.error().message().find(part), std::string::npos) << part;
}

}  // namespace
}  // namespace sluice::base
