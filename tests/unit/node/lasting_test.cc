#include "agent/node/lasting.h"

#include <gmock/gmock.h>

namespace sluice::node {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Lasting::Time at(int ms) {
  return Lasting::Time(milliseconds(ms));
}

TEST(Lasting, ALineStandsOnceItHeldForASecond) {
  Lasting lines;
  lines.update({"b", "a"}, at(0));
  EXPECT_THAT(lines.stood(at(999)), IsEmpty());
  EXPECT_EQ(lines.next(at(999)), at(1000));
  EXPECT_THAT(lines.stood(at(1000)), ElementsAre("a", "b"));
  EXPECT_EQ(lines.next(at(1000)), std::nullopt);
}

TEST(Lasting, WhatIsOverSoonerIsNeverTold) {
  Lasting lines;
  lines.update({"a", "b"}, at(0));
  lines.update({"b"}, at(300));
  lines.update({"a", "b"}, at(400));
  EXPECT_THAT(lines.stood(at(1000)), ElementsAre("b")) << "a began anew";
  EXPECT_EQ(lines.next(at(1000)), at(1400));
  EXPECT_THAT(lines.stood(at(1400)), ElementsAre("a", "b"));
  lines.update({}, at(1500));
  EXPECT_THAT(lines.stood(at(9000)), IsEmpty()) << "what is gone is gone at once";
}

}  // namespace
}  // namespace sluice::node
