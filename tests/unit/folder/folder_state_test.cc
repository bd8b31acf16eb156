// What a folder means over time: rows of steps (files written or gone) and the changes and problems after
// each.
#include "agent/source/folder/folder_state.h"

#include <gtest/gtest.h>

#include "tests/unit/folder/folder_fixture.h"

namespace sluice::source::folder {
namespace {

FileReading file(const std::string& path, const std::string& text) {
  FileReading reading;
  reading.path = path;
  if (text.empty())
    reading.state = FileReading::State::kEmpty;
  else
    reading.decoded = source::decode::decode(text, path);
  return reading;
}

FileReading unreadable(const std::string& path) {
  FileReading reading;
  reading.path = path;
  reading.state = FileReading::State::kUnreadable;
  reading.decoded.problems.push_back({{path, 0, 0}, std::nullopt, "", "cannot be read"});
  return reading;
}

// "+a=1 -b"
std::string print(const std::vector<model::Change>& changes) {
  std::string text;
  for (const auto& change : changes) {
    text += text.empty() ? "" : " ";
    text += (change.is_removal() ? "-" : "+") + change.id().name.name;
    if (!change.is_removal())
      text += "=" + std::get<model::Pod>(std::get<model::Object>(change.what)).labels.at("v");
  }
  return text;
}

struct Step {
  std::vector<FileReading> files;
  std::vector<std::string> gone;
  std::string changes;
  size_t problems;
};
struct Row {
  const char* what;
  std::vector<Step> steps;
};

TEST(FolderState, WhatIsInForceFollowsTheLastGoodContents) {
  const std::string broken = "---\na: [\n", nameless = "---\napiVersion: v1\nkind: Pod\n";
  const Row rows[] = {
      {"add, change, repeat, remove",
       {{{file("f", pod("a") + pod("b"))}, {}, "+a=1 +b=1", 0},
        {{file("f", pod("a", "2") + pod("b"))}, {}, "+a=2", 0},
        {{file("f", pod("a", "2") + pod("b"))}, {}, "", 0},
        {{file("f", pod("b"))}, {}, "-a", 0},
        {{}, {"f"}, "-b", 0}}},
      {"a wrong object keeps its last good version",
       {{{file("f", pod("a") + pod("b"))}, {}, "+a=1 +b=1", 0},
        {{file("f", wrong_pod("a") + pod("b", "2"))}, {}, "+b=2", 1},
        {{file("f", wrong_pod("a"))}, {}, "-b", 1},
        {{file("f", pod("a", "3"))}, {}, "+a=3", 0}}},
      {"an object that was never good is not in force",
       {{{file("f", wrong_pod("a"))}, {}, "", 1}, {{file("f", pod("a"))}, {}, "+a=1", 0}}},
      {"a document that is not YAML keeps what the file held",
       {{{file("f", pod("a") + pod("b"))}, {}, "+a=1 +b=1", 0},
        {{file("f", pod("a", "2") + broken)}, {}, "+a=2", 1},
        {{file("f", pod("a", "2"))}, {}, "-b", 0}}},
      {"so does one that does not say which object it is",
       {{{file("f", pod("a"))}, {}, "+a=1", 0}, {{file("f", nameless)}, {}, "", 1}, {{}, {"f"}, "-a", 0}}},
      {"an empty file keeps what it held, a comment does not",
       {{{file("f", pod("a"))}, {}, "+a=1", 0},
        {{file("f", "")}, {}, "", 1},
        {{file("f", pod("a", "2"))}, {}, "+a=2", 0},
        {{file("f", "# none\n")}, {}, "-a", 0},
        {{file("f", "")}, {}, "", 0}}},
      {"an unreadable file keeps what it held",
       {{{file("f", pod("a"))}, {}, "+a=1", 0}, {{unreadable("f")}, {}, "", 1}, {{}, {"f"}, "-a", 0}}},
      {"of two files the last counts",
       {{{file("b", pod("x", "b"))}, {}, "+x=b", 0},
        {{file("a", pod("x", "a"))}, {}, "", 0},
        {{file("c", pod("x", "c"))}, {}, "+x=c", 0},
        {{}, {"c"}, "+x=b", 0},
        {{}, {"b"}, "+x=a", 0}}},
      {"files come in the order of kubectl apply -R",
       {{{file("m/a.yaml", pod("x", "1"))}, {}, "+x=1", 0},
        {{file("m/a/z.yaml", pod("x", "2"))}, {}, "", 0},
        {{file("m/a-b.yaml", pod("x", "3"))}, {}, "", 0},
        {{file("m/\xC3\xA9.yaml", pod("x", "4"))}, {}, "+x=4", 0}}},
      {"of two documents the last counts", {{{file("f", pod("x", "1") + pod("x", "2"))}, {}, "+x=2", 0}}},
      {"a last definition that is wrong leaves the one before",
       {{{file("f", pod("x", "1") + wrong_pod("x"))}, {}, "+x=1", 1}}},
      {"a move between files is no gap",
       {{{file("a", pod("x"))}, {}, "+x=1", 0}, {{file("b", pod("x"))}, {"a"}, "", 0}}},
      {"a move with a change is one change",
       {{{file("a", pod("x"))}, {}, "+x=1", 0},
        {{file("b", pod("x", "2")), file("a", "# moved\n")}, {}, "+x=2", 0}}},
      {"an unknown file that goes", {{{}, {"f"}, "", 0}}},
  };
  for (const Row& row : rows) {
    FolderState state;
    model::Cluster cluster;
    for (size_t i = 0; i < row.steps.size(); ++i) {
      const Step& step = row.steps[i];
      auto changes = state.apply({step.files, step.gone, {}});
      EXPECT_EQ(print(changes), step.changes) << row.what << ", step " << i;
      EXPECT_EQ(state.problems().size(), step.problems) << row.what << ", step " << i;
    }
  }
}

std::string warnings_of(const FolderState& state) {
  std::string text;
  for (const Warning& warning : state.warnings()) text += warning.to_text() + "\n";
  return text;
}

TEST(FolderState, DuplicatesNameBothPlaces) {
  FolderState state;
  state.apply({{file("a", pod("x")), file("b", pod("y") + pod("x"))}, {}, {}});
  EXPECT_EQ(warnings_of(state),
            "b: document 2: Pod default/x: is defined in line 6 and in a line 2: the last counts, remove the "
            "other\n");
  state.apply({{file("a", pod("x") + pod("x")), file("b", "# none\n")}, {}, {}});
  EXPECT_EQ(warnings_of(state),
            "a: document 2: Pod default/x: is defined in line 6 and in line 2: the last counts, remove the "
            "other\n");
  state.apply(
      {{file("a",
             "kind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: x}}\n"
             "- {apiVersion: v1, kind: Pod, metadata: {name: x}}\n")},
       {},
       {}});
  EXPECT_EQ(warnings_of(state),
            "a: document 1: Pod default/x: is defined in line 5 and in line 4: the last counts, remove the "
            "other\n");
  EXPECT_TRUE(state.problems().empty());
}

TEST(FolderState, SkippedAndWarningsAreThoseOfTheMoment) {
  FolderState state;
  const std::string secret = "---\napiVersion: v1\nkind: Secret\n";
  state.apply({{file("a", secret + secret), file("b", secret)}, {}, {}});
  EXPECT_EQ(state.skipped(), (SkippedKinds{{"Secret", 3}}));
  state.apply({{file("a", secret)}, {"b"}, {}});
  EXPECT_EQ(state.skipped(), (SkippedKinds{{"Secret", 1}}));
}

}  // namespace
}  // namespace sluice::source::folder
