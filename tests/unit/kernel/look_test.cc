#include "agent/kernel/look.h"

#include <gmock/gmock.h>

namespace sluice::kernel {
namespace {

using base::Error;
using base::Result;
using ::testing::HasSubstr;

// What changes during each of the first `changes` readings.
struct Changing {
  int changes = 0;
  int mark = 0, readings = 0;
  Result<int> read() {
    ++readings;
    if (readings <= changes) {
      ++mark;
      return Error("torn");
    }
    return mark;
  }
  Result<int> look() {
    return kernel::look(
        "rules", [this] { return mark; }, [this] { return read(); });
  }
};

TEST(Look, WhatStandsStillIsReadOnce) {
  Changing still;
  EXPECT_EQ(*still.look(), 0);
  EXPECT_EQ(still.readings, 1);
}

TEST(Look, WhatChangedMeanwhileIsReadAgain) {
  Changing thing{.changes = kLooks - 1};
  EXPECT_EQ(*thing.look(), kLooks - 1) << "an error of a reading that does not count is none";
  EXPECT_EQ(thing.readings, kLooks);
}

TEST(Look, WhatNeverStandsStillIsAnError) {
  Changing thing{.changes = kLooks};
  const auto found = thing.look();
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message(), HasSubstr("rules: changed each of the"));
  EXPECT_EQ(thing.readings, kLooks);
}

TEST(Look, AnErrorWhileItStandsStillIsTheAnswer) {
  int readings = 0;
  const auto found = look(
      "rules", [] { return 0; },
      [&]() -> Result<int> {
        ++readings;
        return Error("gone");
      });
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message(), "gone");
  EXPECT_EQ(readings, 1);
}

}  // namespace
}  // namespace sluice::kernel
