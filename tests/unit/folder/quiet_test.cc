// When news is told: rows of events at milliseconds, and what drain() answers when.
#include "agent/source/folder/quiet.h"

#include <gtest/gtest.h>

namespace sluice::source::folder {
namespace {

QuietTime at(int64_t milliseconds) {
  return QuietTime(std::chrono::milliseconds(1'000'000 + milliseconds));
}

std::string print(const std::optional<FolderNews>& news) {
  if (!news) return "-";
  std::string text = news->everything ? "all" : "";
  for (const auto& file : news->files) text += file;
  if (!news->held.empty()) text += " held:";
  for (const auto& file : news->held) text += file;
  if (!news->waiting.empty()) text += " waiting:";
  for (const auto& file : news->waiting) text += file;
  return text;
}

// c: changed, a: attributes changed, w: written, e: everything, t: take and compare.
struct Step {
  int64_t ms;
  char what;
  const char* text;
};
struct Row {
  const char* what;
  std::vector<Step> steps;
};

TEST(QuietPeriod, TellsWhenABurstIsOver) {
  const Row rows[] = {
      {"nothing", {{0, 't', "-"}}},
      {"one change", {{0, 'c', "a"}, {19, 't', "-"}, {20, 't', "a"}, {100, 't', "-"}}},
      {"a burst ends 20 ms after its last event",
       {{0, 'c', "a"}, {15, 'c', "b"}, {34, 't', "-"}, {35, 't', "ab"}}},
      {"a burst without end is told after 50 ms",
       {{0, 'c', "a"}, {18, 'c', "a"}, {36, 'c', "a"}, {48, 'c', "a"}, {49, 't', "-"}, {50, 't', "a"}}},
      {"written, then closed", {{0, 'w', "a"}, {100, 't', "-"}, {101, 'c', "a"}, {121, 't', "a"}}},
      {"written, quiet, never closed",
       {{0, 'w', "a"},
        {999, 't', "-"},
        {1000, 't', " held:a waiting:a"},
        {9999, 't', "-"},
        {10000, 't', "a"}}},
      {"told to wait, then closed",
       {{0, 'w', "a"}, {1000, 't', " held:a waiting:a"}, {2000, 'c', "a"}, {2020, 't', "a"}}},
      {"a change of mode does not close it",
       {{0, 'w', "a"}, {5, 'a', "a"}, {500, 't', "-"}, {600, 'c', "a"}, {620, 't', "a"}}},
      {"a change of mode of a whole file", {{0, 'a', "a"}, {20, 't', "a"}}},
      {"a writer delays nobody else", {{0, 'w', "a"}, {1, 'c', "b"}, {21, 't', "b held:a"}}},
      {"written again before it was told",
       {{0, 'c', "a"}, {1, 'w', "a"}, {20, 't', " held:a"}, {501, 't', "-"}, {10001, 't', "a"}}},
      {"lost events", {{0, 'e', ""}, {0, 'c', "a"}, {20, 't', "alla"}}},
  };
  for (const Row& row : rows) {
    QuietPeriod quiet;
    for (const Step& step : row.steps) {
      if (step.what == 'c') quiet.note_changed(step.text, at(step.ms));
      if (step.what == 'a') quiet.note_touched(step.text, at(step.ms));
      if (step.what == 'w') quiet.note_written(step.text, at(step.ms));
      if (step.what == 'e') quiet.note_everything(at(step.ms));
      if (step.what == 't') {
        EXPECT_EQ(print(quiet.drain(at(step.ms))), step.text) << row.what << ' ' << step.ms;
      }
    }
  }
}

TEST(QuietPeriod, AWriterThatNeverRestsIsReadInTheEnd) {
  QuietPeriod quiet;
  int64_t ms = 0;
  for (; ms < kOpenLongest.count(); ms += 100) {
    quiet.note_written("a", at(ms));
    const auto news = quiet.drain(at(ms));
    ASSERT_TRUE(!news || news->files.empty()) << ms;
  }
  EXPECT_EQ(print(quiet.drain(at(ms))), "a");
}

TEST(QuietPeriod, EverythingAtOnceOnDemand) {
  QuietPeriod quiet;
  quiet.note_changed("a", at(0));
  quiet.note_written("b", at(0));
  EXPECT_EQ(print(quiet.drain_everything(at(1))), "alla held:b");
  EXPECT_EQ(quiet.due(), at(0) + kOpenReported);
}

}  // namespace
}  // namespace sluice::source::folder
