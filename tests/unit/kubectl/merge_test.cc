#include "agent/apps/kubectl/merge.h"

#include <gmock/gmock.h>

namespace sluice::apps::kubectl {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const LineMerge::Time kStart{};

std::vector<std::string> texts(const std::vector<LineMerge::Line>& lines) {
  std::vector<std::string> all;
  for (const auto& line : lines) all.push_back(line.text);
  return all;
}

TEST(TimeKey, OfEachFormat) {
  EXPECT_EQ(time_key(R"({"time":"2026-11-29T08:00:00.123Z","node":"a"})", Form::kJson),
            "2026-11-29T08:00:00.123Z");
  EXPECT_EQ(time_key(R"({"flow":{"time":"x"},"node_name":"a","time":"2026-11-29T08:00:00Z"})", Form::kJson),
            "2026-11-29T08:00:00Z");
  for (const char* other : {"", "{", "[]", "{}", R"({"time":7})"})
    EXPECT_EQ(time_key(other, Form::kJson), "") << other;
  const std::string yesterday = time_key("2026-11-28 23:59:59.999 DENIED  x", Form::kText);
  const std::string morning = time_key("08:00:00.123 DENIED  x", Form::kText);
  const std::string noon = time_key("12:00:00.000 DENIED  x", Form::kText);
  EXPECT_EQ(yesterday, "2026-11-28 23:59:59.999");
  EXPECT_LT(yesterday, morning);
  EXPECT_LT(morning, noon);
  EXPECT_EQ(time_key("nothing of the kind", Form::kText), "");
}

TEST(LineMerge, WaitsForEveryStreamThatHasNotEnded) {
  LineMerge merge(2);
  merge.add(0, "1", "a1", kStart);
  merge.add(0, "4", "a4", kStart);
  EXPECT_THAT(texts(merge.take(kStart)), IsEmpty());
  EXPECT_FALSE(merge.due());
  merge.add(1, "2", "b2", kStart);
  merge.add(1, "", "b of no time", kStart);
  merge.add(1, "4", "b4", kStart);
  EXPECT_THAT(texts(merge.take(kStart)), ElementsAre("a1", "b2", "b of no time", "a4"));
  EXPECT_EQ(merge.waiting(1), 1u);
  merge.end(0);
  EXPECT_THAT(texts(merge.take(kStart)), ElementsAre("b4"));
}

TEST(LineMerge, AStreamThatSaysNothingHoldsUpNobodyForLong) {
  LineMerge merge(2, milliseconds(500));
  merge.add(0, "2", "a2", kStart);
  EXPECT_THAT(texts(merge.take(kStart + milliseconds(499))), IsEmpty());
  EXPECT_EQ(merge.due(), kStart + milliseconds(500));
  merge.add(1, "1", "b1", kStart + milliseconds(499));
  merge.add(1, "3", "b3", kStart + milliseconds(499));
  EXPECT_THAT(texts(merge.take(kStart + milliseconds(499))), ElementsAre("b1", "a2"));
  EXPECT_THAT(texts(merge.take(kStart + milliseconds(999))), ElementsAre("b3"));
  EXPECT_FALSE(merge.due());
}

}  // namespace
}  // namespace sluice::apps::kubectl
