#include "agent/picture/graphviz.h"

#include <gmock/gmock.h>
#include <unistd.h>

// What graphviz leaves behind of each picture is not ours (LeakSanitizer's interface).
extern "C" const char* __lsan_default_suppressions();   // NOLINT
extern "C" const char* __lsan_default_suppressions() {  // NOLINT
  return "leak:libgvc\nleak:libcgraph\nleak:libcdt\n";
}

namespace sluice::picture {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Graphviz, DrawsWithOurIdsAndEscapesTexts) {
  const auto svg = svg_of(
      "digraph g { \"a<b\" [id=\"n0\", class=\"pods\", label=\"<script>&amp;\\\"\"]; \"a<b\" -> c "
      "[id=\"e0\"]; }");
  if (!svg && svg.error().message().find("is not there") != std::string::npos)
    GTEST_SKIP() << svg.error().message();
  ASSERT_TRUE(svg) << svg.error().message();
  EXPECT_THAT(*svg, HasSubstr("<svg "));
  EXPECT_THAT(*svg, HasSubstr("<g id=\"n0\" class=\"node pods\">"));
  EXPECT_THAT(*svg, HasSubstr("<g id=\"e0\" class=\"edge\">"));
  EXPECT_THAT(*svg, Not(HasSubstr("<script")));
  EXPECT_EQ(*svg_of("digraph g { x -> y; }"), *svg_of("digraph g { x -> y; }"));
}

// As graphviz 2.42 does over some graphs: a signal in the child is an error here.
TEST(Graphviz, WhoeverAsksOutlivesIt) {
  const auto before = getpid();
  // Boxes of one rank, with a text on the arrow between them, in clusters.
  const std::string dot =
      "digraph g { rankdir=LR; subgraph cluster_0 { a; b; c; } subgraph cluster_1 { d; } { rank=same; a; b; "
      "c; } "
      "a -> b [label=\"x\"]; b -> a [label=\"y\"]; a -> c [label=\"z\"]; c -> a [label=\"u\"]; d -> a; }";
  for (int i = 0; i < 3; ++i) (void)svg_of(dot);
  EXPECT_EQ(getpid(), before) << "no child comes back";
}

TEST(Graphviz, WhatIsNoDotIsAnError) {
  const auto svg = svg_of("digraph g { x -> ");
  ASSERT_FALSE(svg);
  EXPECT_EQ(svg.error().message().find('\n'), std::string::npos) << svg.error().message();
}

}  // namespace
}  // namespace sluice::picture
