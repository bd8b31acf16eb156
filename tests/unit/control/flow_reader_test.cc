#include "agent/control/flow_reader.h"

#include <gtest/gtest.h>

#include <atomic>

namespace sluice::control {
namespace {

// Each reading holds one connection more; a reading waits while `held_up`.
class FlowReaderTest : public ::testing::Test {
 protected:
  FlowReader::Facts read() {
    held_up.wait(true);
    kernel::FlowFacts facts;
    facts.ipv4.held[SLUICE_FLOWS_ANSWERED] = static_cast<uint64_t>(++readings);
    return facts;
  }
  void let_go() {
    held_up = false;
    held_up.notify_all();
  }
  void pass(std::chrono::milliseconds time) { clock += time; }
  static uint64_t number(const FlowReader::Facts& facts) {
    return facts.ok() ? facts->ipv4.held[SLUICE_FLOWS_ANSWERED] : 0;
  }
  // lately() that has taken the reading under way.
  uint64_t lately_at_last(uint64_t least) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    uint64_t last = 0;
    while ((last = number(reader.lately())) < least && std::chrono::steady_clock::now() < end)
      std::this_thread::yield();
    return last;
  }

  std::atomic<int> readings = 0;
  std::atomic<bool> held_up = false;
  std::chrono::steady_clock::time_point clock;
  FlowReader reader{[this] { return read(); }, [this] { return clock; }};
};

TEST_F(FlowReaderTest, NowIsNeverOlderThanItMayBe) {
  EXPECT_EQ(number(reader.now()), 1u);
  pass(kFlowFactsAge);
  EXPECT_EQ(number(reader.now()), 1u) << "read once in that time";
  pass(std::chrono::milliseconds(1));
  EXPECT_EQ(number(reader.now()), 2u);
}

TEST_F(FlowReaderTest, LatelyWaitsForTheFirstReadingAlone) {
  EXPECT_EQ(number(reader.lately()), 1u);
  pass(kFlowFactsAge + std::chrono::milliseconds(1));
  held_up = true;
  EXPECT_EQ(number(reader.lately()), 1u) << "the next one is under way";
  EXPECT_EQ(number(reader.lately()), 1u) << "and no third is begun beside it";
  let_go();
  EXPECT_EQ(lately_at_last(2), 2u);
  EXPECT_EQ(readings, 2);
}

TEST_F(FlowReaderTest, NowTakesNoReadingThatWasBegunLongAgo) {
  EXPECT_EQ(number(reader.lately()), 1u);
  pass(kFlowFactsAge * 2);
  EXPECT_EQ(number(reader.lately()), 1u);
  pass(kFlowFactsAge * 2);
  EXPECT_EQ(number(reader.now()), 3u);
}

TEST(FlowReader, AFailureIsNoLastingOne) {
  int readings = 0;
  std::chrono::steady_clock::time_point clock;
  FlowReader reader(
      [&]() -> FlowReader::Facts {
        if (++readings == 1) return base::Error("map flows4: read");
        return kernel::FlowFacts{};
      },
      [&] { return clock; });
  EXPECT_FALSE(reader.now().ok());
  clock += kFlowFactsAge * 2;
  EXPECT_TRUE(reader.now().ok());
}

}  // namespace
}  // namespace sluice::control
