// An engine that does not do as it is told is found out, by the fewest steps that show it.
#include "tests/differential/side_by_side.h"

#include <gtest/gtest.h>

#include "agent/packet/maps.h"

namespace sluice::differential {
namespace {

using testing::Bytes;
using testing::Counted;
using testing::Engine;
using testing::Outcome;

// A native engine whose clock stands still.
class Stopped final : public Engine {
 public:
  Stopped() { reset(); }
  std::string name() const override { return "stopped"; }
  void reset() override {
    maps_ = std::make_unique<packet::Maps>();
    placement_ = {};
    image_ = {};
  }
  void wait(uint32_t) override {}
  void set_flags(uint64_t flags) override { maps_->set_agent_flags(flags); }
  void set_observed(uint32_t, bool) override {}
  void run_unread(sluice_direction, const Bytes&, uint32_t, int) override {}
  uint64_t boot_nanoseconds() override { return 0; }
  sluice_dns& dns() override { return *at<sluice_dns>(SLUICE_MAP_DNS, 0); }
  sluice_endpoint_stats stats(uint32_t) override { return {}; }
  std::vector<sluice_flow_edit> flows() override { return maps_->flows(); }
  void edit(const sluice_flow_edit&) override {}
  sluice_flow_counts flow_counts(uint32_t) override { return {}; }
  void set_flow_share(uint32_t, uint32_t) override {}
  uint32_t now() override { return kNow; }
  uint32_t second() override { return 1; }

 private:
  static constexpr uint32_t kNow = 1000;

  image::Target& target() override { return *maps_; }
  std::optional<Outcome> run_once(sluice_direction hook, const Bytes& frame, uint32_t ifindex,
                                  uint32_t mark) override {
    Outcome outcome;
    outcome.passes = maps_->passes(frame, ifindex, hook, kNow, mark);
    return outcome;
  }
  Counted counters() override {
    Counted counted;
    for (uint32_t reason = 0; reason < SLUICE_REASON_COUNT; ++reason)
      for (uint32_t direction = 0; direction < 2; ++direction)
        counted.at(reason).at(direction) =
            *at<sluice_counter>(SLUICE_MAP_COUNTERS, SLUICE_COUNTER(reason, direction));
    return counted;
  }
  template <typename T>
  T* at(sluice_map map, uint32_t index) {
    return static_cast<T*>(maps_->lookup(map, &index));
  }

  std::unique_ptr<packet::Maps> maps_;
};

TEST(SideBySide, TwoThatAreAlikeAgree) {
  const auto one = testing::user_engine(), other = testing::user_engine();
  SideBySide sides(*one, *other);
  for (uint64_t seed = 1; seed <= 40; ++seed)
    EXPECT_EQ(sides.run(draw_traffic(seed, 80)), std::nullopt) << seed;
  EXPECT_GE(sides.tally().reasons_seen(), 12U);
  EXPECT_GT(sides.tally().flows, 40U);
}

// A world, a connection, time, and its answer or its next packet: nothing else is needed to show it.
TEST(SideBySide, WhatDiffersIsMadeSmall) {
  const auto user = testing::user_engine();
  Stopped stopped;
  SideBySide sides(*user, stopped);
  std::optional<std::string> found;
  for (uint64_t seed = 1; seed <= 40 && !found; ++seed) found = sides.run(draw_traffic(seed, 80));
  ASSERT_TRUE(found) << "a clock that stands still is not noticed";
  EXPECT_NE(found->find("time passes"), std::string::npos) << *found;
  const std::string steps = found->substr(found->find("after\n") + 6);
  size_t packets = 0;
  for (const char* hook : {" from_pod ", " to_pod "})
    for (size_t at = 0; (at = steps.find(hook, at)) != std::string::npos; ++at) ++packets;
  EXPECT_LE(packets, 3U) << *found;
}

}  // namespace
}  // namespace sluice::differential
