#include "agent/apps/table.h"

#include <gtest/gtest.h>

namespace sluice::apps {
namespace {

TEST(TableText, LinesUp) {
  Table table({"POD", "ADDRESS", "SIDE"});
  table.add({"prod/web-1", "10.0.0.1", "open"});
  table.add({"a/b", "fd00::1", ""});
  EXPECT_EQ(table.text(false),
            "POD         ADDRESS   SIDE\n"
            "prod/web-1  10.0.0.1  open\n"
            "a/b         fd00::1\n");
  EXPECT_EQ(table.text(true).substr(0, 4), "\x1b[1m");
}

TEST(Joined, StopsAtSoMany) {
  EXPECT_EQ(joined({"a", "b"}), "a, b");
  EXPECT_EQ(joined({"a", "b", "c", "d"}, 2), "a, b, and 2 more");
}

}  // namespace
}  // namespace sluice::apps
