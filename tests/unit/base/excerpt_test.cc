#include "agent/base/excerpt.h"

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

using std::literals::operator""sv;

TEST(Excerpt, WhatATerminalObeysOrNobodySeesStandsAsBytes) {
  EXPECT_EQ(one_line("a\x1b[31m\r\n\tb\x7f"), R"(a\x1b[31m\x0d\x0a\x09b\x7f)");
  EXPECT_EQ(one_line("a\0b"sv), R"(a\x00b)");
  EXPECT_EQ(one_line("\u009b31m\u0085"), R"(\xc2\x9b31m\xc2\x85)");          // C1
  EXPECT_EQ(one_line("\u202eabc\u2066"), R"(\xe2\x80\xaeabc\xe2\x81\xa6)");  // order of characters
  EXPECT_EQ(one_line("a\u200bb\ufeff\u2028"), R"(a\xe2\x80\x8bb\xef\xbb\xbf\xe2\x80\xa8)");
  EXPECT_EQ(one_line("\U000e0041"), R"(\xf3\xa0\x81\x81)");
  EXPECT_EQ(one_line("größe 東京 …"), "größe 東京 …");
}

TEST(Excerpt, WhatIsNoUtf8StandsAsBytes) {
  EXPECT_EQ(one_line("a\x9b"
                     "31m\xff"),
            R"(a\x9b31m\xff)");
  EXPECT_EQ(one_line("\xc3"), R"(\xc3)");                  // cut off
  EXPECT_EQ(one_line("\xc1\x9b"), R"(\xc1\x9b)");          // overlong
  EXPECT_EQ(one_line("\xe0\x80\x9b"), R"(\xe0\x80\x9b)");  // overlong
  EXPECT_EQ(one_line("\xed\xa0\x80"), R"(\xed\xa0\x80)");  // a surrogate
  EXPECT_EQ(one_line("\xf4\x90\x80\x80"), R"(\xf4\x90\x80\x80)");
}

TEST(Excerpt, IsOfBoundedLength) {
  EXPECT_EQ(excerpt(std::string(70, 'a')), "\"" + std::string(64, 'a') + "…\"");
  EXPECT_EQ(shortened(std::string(3, 'a') + "ö", 4), "aaa…");
  EXPECT_EQ(shortened("aaaa", 4), "aaaa");
}

TEST(Excerpt, AgainItIsTheSame) {
  const std::string once = one_line("a\x1b\u202e\xff");
  EXPECT_EQ(one_line(once), once);
}

}  // namespace
}  // namespace sluice::base
