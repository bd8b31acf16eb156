#include "agent/base/markup.h"

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

TEST(Markup, NothingInItIsMarkup) {
  EXPECT_EQ(escaped_markup("<a href=\"x\">b & 'c'</a>"),
            "&lt;a href=&quot;x&quot;&gt;b &amp; &#39;c&#39;&lt;/a&gt;");
  EXPECT_EQ(escaped_markup(std::string("a\x1b[2J\0b\n\tc", 10)), "a\\x1b[2J\\x00b\n\tc");
  EXPECT_EQ(escaped_markup("\u202egröße"), "\\xe2\\x80\\xaegröße");
}

}  // namespace
}  // namespace sluice::base
