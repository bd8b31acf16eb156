#include "agent/report/parts.h"

#include <gmock/gmock.h>

namespace sluice::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Part> parts(int& asked) {
  const auto away = [&asked]() -> base::Result<std::string> {
    return ++asked, base::Error("no agent\n answers");
  };
  return {{"a/long-name.json", "first",
           [&asked]() -> base::Result<std::string> { return ++asked, std::string("12345"); }},
          {"b", "second", away},
          {"c", "third", away},
          {"d", "fourth",
           [&asked] { return ++asked, base::Result<std::string>(std::string(kMostPartBytes + 1, 'x')); }}};
}

TEST(Parts, AreListedBeforeOneIsRead) {
  int asked = 0;
  EXPECT_EQ(list_text({parts(asked)[0], parts(asked)[1]}),
            "  a/long-name.json  first\n  b                 second\n");
  EXPECT_EQ(asked, 0);
}

TEST(Parts, WhatCannotBeHadIsSaidInItsPlace) {
  int asked = 0;
  std::vector<size_t> steps;
  const auto read = read_all(parts(asked), [&](size_t done) { steps.push_back(done); });
  EXPECT_EQ(asked, 4);
  EXPECT_THAT(steps, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(read[0].content.value(), "12345");
  const std::string text = contents_text(read);
  EXPECT_THAT(text, HasSubstr("  a/long-name.json  first: 5 bytes\n"));
  EXPECT_THAT(text, HasSubstr("  b                 second: MISSING: no agent\\x0a answers\n"));
  EXPECT_THAT(missing(read), ElementsAre("b, c: no agent\\x0a answers", HasSubstr("d: has 67108865 bytes")));
}

}  // namespace
}  // namespace sluice::report
