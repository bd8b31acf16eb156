// Maps: each type means what the kernel's means.
#include "agent/packet/maps.h"

#include <gmock/gmock.h>

#include "agent/image/encode.h"
#include "agent/image/placement.h"
#include "agent/packet/build.h"
#include "tests/kernel/world.h"

namespace sluice::packet {
namespace {

using testing::cidr;
using ::testing::HasSubstr;
using testing::ip;
using testing::kPodInterface;
using testing::World;

template <typename Key, typename Value>
base::Status put(Maps& maps, sluice_map map, const Key& key, const Value& value) {
  std::vector<image::Batch> puts;
  image::BatchBuilder batch(map);
  batch.put(key, value);
  std::move(batch).finish(puts, puts);
  return maps.write(puts.at(0));
}

template <typename Key>
void remove(Maps& maps, sluice_map map, const Key& key) {
  std::vector<image::Batch> removals;
  image::BatchBuilder batch(map);
  batch.remove(key);
  std::move(batch).finish(removals, removals);
  EXPECT_TRUE(maps.write(removals.at(0)).ok());
}

TEST(Maps, TableThatIsFullSaysSo) {
  Maps maps;
  maps.set_limit(SLUICE_MAP_RULES, 2);
  for (uint64_t i = 1; i <= 2; ++i)
    EXPECT_TRUE(put(maps, SLUICE_MAP_RULES, sluice_rule{i, i}, sluice_cell{}).ok());
  EXPECT_TRUE(put(maps, SLUICE_MAP_RULES, sluice_rule{1, 1}, sluice_cell{}).ok()) << "an entry it has";
  auto full = put(maps, SLUICE_MAP_RULES, sluice_rule{3, 3}, sluice_cell{});
  ASSERT_FALSE(full.ok());
  EXPECT_THAT(full.error().message(), HasSubstr("map rules: full, its limit is 2 entries"));
  remove(maps, SLUICE_MAP_RULES, sluice_rule{1, 1});
  EXPECT_TRUE(put(maps, SLUICE_MAP_RULES, sluice_rule{3, 3}, sluice_cell{}).ok());
  EXPECT_EQ(maps.size(SLUICE_MAP_RULES), 2U);
}

// What a failed change had added is removed and free again: the next attempts need no more room.
TEST(Maps, AChangeThatFailsAgainAndAgainLetsNoTableGrow) {
  Maps maps;
  maps.set_limit(SLUICE_MAP_ADDRESSES4, 1);
  image::Plan plan;
  plan.epoch = 2;
  image::BatchBuilder rules(SLUICE_MAP_RULES), undo(SLUICE_MAP_RULES), addresses(SLUICE_MAP_ADDRESSES4);
  for (uint64_t i = 0; i < 600; ++i) {
    rules.put(sluice_rule{i + 1, i * 7 + 1}, sluice_cell{2, 0, 1});
    undo.remove(sluice_rule{i + 1, i * 7 + 1});
  }
  for (const char* address : {"10.0.0.1", "10.0.0.2"})
    addresses.put(image::encode4(ip(address)), sluice_cell{2, SLUICE_IDENTITY_NONE, 1});
  std::move(rules).finish(plan.prepare, plan.prepare);
  std::move(addresses).finish(plan.prepare, plan.prepare);
  std::move(undo).finish(plan.undo, plan.undo);
  const auto shape = [&] { return maps.contents().config.table[SLUICE_TABLE_RULES]; };
  const uint64_t before = shape();
  for (int attempt = 0; attempt < 20; ++attempt) EXPECT_FALSE(image::put_in_force(plan, maps).ok());
  EXPECT_EQ(shape(), before);
  EXPECT_EQ(maps.size(SLUICE_MAP_RULES), 0U);
}

TEST(Maps, LruForgetsTheOneUsedLongestAgo) {
  Maps maps;
  maps.set_limit(SLUICE_MAP_FRAGMENTS, 3);
  auto key = [](uint32_t number) {
    sluice_fragment_key contents{};
    contents.identification = number;
    return contents;
  };
  auto holds = [&](uint32_t number) {
    auto contents = key(number);
    return maps.lookup(SLUICE_MAP_FRAGMENTS, &contents) != nullptr;
  };
  const sluice_fragment fragment{};
  for (uint32_t i = 1; i <= 3; ++i) {
    auto contents = key(i);
    maps.insert(SLUICE_MAP_FRAGMENTS, &contents, &fragment);
  }
  EXPECT_TRUE(holds(1)) << "and is used by that";
  auto fourth = key(4);
  maps.insert(SLUICE_MAP_FRAGMENTS, &fourth, &fragment);
  EXPECT_EQ(maps.size(SLUICE_MAP_FRAGMENTS), 3U);
  EXPECT_FALSE(holds(2));
  EXPECT_TRUE(holds(1) && holds(3) && holds(4));
  maps.clear_flows();
  EXPECT_EQ(maps.size(SLUICE_MAP_FRAGMENTS), 0U);
  maps.insert(SLUICE_MAP_FRAGMENTS, &fourth, &fragment);
  EXPECT_TRUE(holds(4));
}

TEST(Maps, ArraysAreZeroUntilWrittenAndEnd) {
  Maps maps;
  maps.set_limit(SLUICE_MAP_PORTSETS, 4);
  uint32_t index = 3;
  ASSERT_NE(maps.lookup(SLUICE_MAP_PORTSETS, &index), nullptr);
  EXPECT_EQ(static_cast<sluice_portset*>(maps.lookup(SLUICE_MAP_PORTSETS, &index))->table[0], 0);
  index = 4;
  EXPECT_EQ(maps.lookup(SLUICE_MAP_PORTSETS, &index), nullptr);
  auto outside = put(maps, SLUICE_MAP_PORTSETS, index, sluice_portset{});
  ASSERT_FALSE(outside.ok());
  EXPECT_THAT(outside.error().message(), HasSubstr("map portsets"));
}

TEST(Maps, InterfacesOfOneSlotBothFindTheirPod) {
  Maps maps;
  constexpr uint32_t kNear = 5, kFar = 5 + SLUICE_INTERFACE_SLOTS;
  ASSERT_TRUE(maps.store(image::InterfaceWrite{kFar, 1}).ok());
  ASSERT_TRUE(maps.store(image::InterfaceWrite{kNear, 2}).ok());
  EXPECT_EQ(maps.contents().interfaces.size(), 2U);
  EXPECT_EQ(maps.size(SLUICE_MAP_INTERFACES_MORE), 1U);
  ASSERT_TRUE(maps.store(image::InterfaceWrite{kFar, -1}).ok());
  ASSERT_TRUE(maps.store(image::InterfaceWrite{kNear, -1}).ok());
  EXPECT_TRUE(maps.contents().interfaces.empty());
}

TEST(Maps, AReaderThatFallsBehindLosesReportsNotCounts) {
  Maps maps;
  const Bytes frame = build(opening(ip("10.0.0.1"), ip("10.0.1.1"), net::kTcp, testing::port(80)));
  uint32_t now = 1000, nobody = SLUICE_NO_ENDPOINT;
  auto stats = [&] { return *static_cast<sluice_endpoint_stats*>(maps.lookup(SLUICE_MAP_STATS, &nobody)); };
  while (stats().lost == 0 && now < 2000)
    for (int i = 0; i < SLUICE_DENIED_REPORTS; ++i, now += i == SLUICE_DENIED_REPORTS)
      EXPECT_FALSE(maps.passes(frame, kPodInterface, SLUICE_EGRESS, now));
  EXPECT_GT(stats().lost, 0U);
  EXPECT_EQ(stats().denied_packets[SLUICE_EGRESS],
            maps.events().size() + stats().lost + stats().suppressed[SLUICE_REPORT_DENIED]);
}

TEST(Maps, SegmentsInOneBufferMayLeaveLengthsOut) {
  const Spec syn = opening(ip("fd00::1"), ip("fd00:1::1"), net::kTcp, testing::port(80));
  Bytes frame = build(syn);
  frame[18] = frame[19] = 0;  // BIG TCP: the payload length does not fit
  for (bool gso : {false, true}) {
    Maps maps;
    image::Placement placement;
    const image::Image image = World(syn.source).isolate(SLUICE_EGRESS, image::Ref::all()).image();
    auto plan = placement.plan(image, image::difference({}, image));
    ASSERT_TRUE(plan.ok() && image::put_in_force(*plan, maps).ok());
    sluice_user_ctx ctx = maps.context(0);
    ctx.data = frame.data();
    ctx.length = static_cast<uint32_t>(frame.size());
    ctx.ifindex = kPodInterface;
    ctx.gso = gso;
    EXPECT_EQ(sluice_user_path(&ctx, SLUICE_EGRESS), gso);
  }
}

}  // namespace
}  // namespace sluice::packet
