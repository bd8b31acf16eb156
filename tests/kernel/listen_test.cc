// The ring of DNS packets where it has no room, and until when an agent is waited for.
#include <gtest/gtest.h>

#include <map>

#include "tests/kernel/engine.h"
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

using MakeListener = std::unique_ptr<Engine> (*)();
constexpr uint64_t kHour = 3'600'000'000'000;
const net::Ip kAsking = ip("10.0.0.1"), kServer = ip("10.0.1.1");

// A pod that may ask a believed server, and an agent.
void begin_listening(Engine& engine) {
  engine.reset();
  World world = World(kAsking).isolate(SLUICE_EGRESS).names().peer(kServer);
  ASSERT_TRUE(engine.put(world.allow(SLUICE_EGRESS, kFriend, image::Ref::all()).image()).ok());
  engine.believe(kServer, port(SLUICE_DNS_PORT));
  engine.dns().mark = 1;
  engine.dns().heartbeat = engine.boot_nanoseconds() + kHour;
}
Spec question() {
  return packet::opening(kAsking, kServer, net::kUdp, port(SLUICE_DNS_PORT));
}
Bytes answer_of(size_t bytes) {
  Bytes frame = packet::build(reply(question()));
  frame.resize(bytes, 0x5a);
  return frame;
}

class Listening : public ::testing::TestWithParam<MakeListener> {
 protected:
  void SetUp() override {
    static std::map<MakeListener, std::unique_ptr<Engine>> engines;  // loading takes its time
    auto [found, made] = engines.try_emplace(GetParam());
    if (made) found->second = GetParam()();
    engine_ = found->second.get();
    if (!engine_) GTEST_SKIP() << "loading programs needs root";
    begin_listening(*engine_);
  }
  Outcome run(sluice_direction hook, const Bytes& frame) {
    return engine_->run(hook, frame, kPodInterface).value_or(Outcome());
  }
  Engine* engine_ = nullptr;
};

TEST_P(Listening, WhatARingHasNoRoomForGoesOnAndIsCounted) {
  constexpr int kMany = 5000;
  for (const size_t bytes : {size_t{100}, size_t{3000}}) {
    const uint64_t before = engine_->dns().unheld;
    engine_->run_unread(SLUICE_INGRESS, answer_of(bytes), kPodInterface, kMany);
    const uint64_t unheld = engine_->dns().unheld - before;
    EXPECT_GT(unheld, 0u) << bytes;
    const Outcome over = run(SLUICE_INGRESS, answer_of(bytes));
    EXPECT_TRUE(over.passes) << bytes;
    EXPECT_EQ(over.unheld, 1u) << bytes;
    EXPECT_EQ(over.heard.size(), kMany - unheld) << bytes;
    for (const Heard& heard : over.heard)
      ASSERT_TRUE(heard.entry.held == 1 && heard.frame == answer_of(bytes)) << bytes;
    const Outcome again = run(SLUICE_INGRESS, answer_of(bytes));
    EXPECT_FALSE(again.passes) << "there is room again";
    EXPECT_EQ(again.unheld, 0u);
    EXPECT_EQ(again.heard.size(), 1u);
  }
  engine_->run_unread(SLUICE_INGRESS, answer_of(100), kPodInterface, kMany);
  const Outcome asked = run(SLUICE_EGRESS, packet::build(question()));
  EXPECT_TRUE(asked.passes);
  EXPECT_EQ(asked.unheld, 0u) << "a question is not waited for";
}

std::string listener_name(const ::testing::TestParamInfo<MakeListener>& info) {
  return info.param == &user_engine ? "User" : "Kernel";
}
INSTANTIATE_TEST_SUITE_P(Each, Listening, ::testing::Values(&user_engine, &kernel_engine), listener_name);

// With a clock that stands still.
TEST(ListeningUser, AnAgentIsWaitedForUntilItsHeartbeatIsAQuarterOfASecondOld) {
  const auto engine = user_engine();
  begin_listening(*engine);
  const uint64_t now = engine->boot_nanoseconds();
  const struct {
    uint64_t heartbeat;
    bool held;
  } rows[] = {{now + kHour, true},
              {now, true},
              {now - SLUICE_HEARTBEAT_NANOSECONDS + 1, true},
              {now - SLUICE_HEARTBEAT_NANOSECONDS, false},
              {now - kHour / 4, false},
              {0, false}};
  for (const auto& row : rows) {
    engine->dns().heartbeat = row.heartbeat;
    const auto outcome = engine->run(SLUICE_INGRESS, answer_of(100), kPodInterface);
    EXPECT_EQ(outcome->passes, !row.held) << row.heartbeat;
    ASSERT_EQ(outcome->heard.size(), 1u) << row.heartbeat;
    EXPECT_EQ(outcome->heard[0].entry.held, row.held) << row.heartbeat;
    EXPECT_EQ(outcome->unheld, row.held ? 0u : 1u) << row.heartbeat;
  }
}

TEST(ListeningUser, WhatIsLongerThanTheLongestGoesOn) {
  const auto engine = user_engine();
  begin_listening(*engine);
  for (const size_t bytes :
       {9014, 65535, SLUICE_LONGEST_ANSWER_BYTES - 1, SLUICE_LONGEST_ANSWER_BYTES, 100000}) {
    const bool held = bytes < SLUICE_LONGEST_ANSWER_BYTES;
    const auto outcome = engine->run(SLUICE_INGRESS, answer_of(bytes), kPodInterface);
    EXPECT_EQ(outcome->passes, !held) << bytes;
    EXPECT_EQ(outcome->heard.size(), held ? 1u : 0u) << bytes;
    EXPECT_EQ(outcome->unheld, held ? 0u : 1u) << bytes;
  }
}

}  // namespace
}  // namespace sluice::testing
