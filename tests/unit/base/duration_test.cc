#include "agent/base/duration.h"

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

TEST(Duration, ReadsAloud) {
  EXPECT_EQ(parse_duration("10s").value().count(), 10000);
  EXPECT_EQ(parse_duration("500ms").value().count(), 500);
  EXPECT_EQ(parse_duration("2m").value().count(), 120000);
  EXPECT_EQ(parse_duration("3").value().count(), 3000);
  for (const char* wrong : {"", "s", "-1s", "1h", "1.5s", "99999999999999999999", "10000000s"})
    EXPECT_FALSE(parse_duration(wrong).ok()) << wrong;
}

}  // namespace
}  // namespace sluice::base
