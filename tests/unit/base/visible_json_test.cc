#include "agent/base/visible_json.h"

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

TEST(VisibleJson, SaysTheSameValue) {
  EXPECT_EQ(visible_json("{\"a\": \"\u202e\x7f\u009b\U000e0041ö\"}\n"),
            R"({"a": "\u202e\u007f\u009b\udb40\udc41ö"})"
            "\n");
  EXPECT_EQ(visible_json("[\"\xff\"]"), R"(["\ufffd"])");
  EXPECT_EQ(visible_json("[1,\n\t2]"), "[1,\n\t2]");
}

}  // namespace
}  // namespace sluice::base
