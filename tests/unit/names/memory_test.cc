#include "agent/names/memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/names/world.h"

namespace sluice::names {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

const net::Ip kFirst = ip("203.0.113.1"), kSecondOne = ip("203.0.113.2"), kSix = ip("2001:db8::1");

TEST(Memory, AnAddressLivesForItsTtlAndTheGrace) {
  World world;
  world.learn({"www.example.com"}, {kFirst}, 60);
  EXPECT_EQ(world.told(kFirst), "www.example.com@90");
  EXPECT_EQ(world.memory.next_expiry(), kStart + 90 * kSecond);
  world.pass(90 * kSecond - 1);
  EXPECT_THAT(world.addresses_of("www.example.com"), ElementsAre("203.0.113.1"));
  world.pass(1);
  EXPECT_THAT(world.addresses_of("www.example.com"), IsEmpty());
  EXPECT_EQ(world.told(kFirst), "");
  EXPECT_EQ(world.memory.next_expiry(), std::nullopt);
  EXPECT_NE(world.memory.slot_of("www.example.com"), 0) << "the name is remembered";
}

TEST(Memory, LivesAreBounded) {
  const struct {
    uint32_t ttl;
    uint64_t seconds;
  } rows[] = {{0, 30}, {1, 31}, {86'369, 86'399}, {86'370, 86'400}, {86'371, 86'400}, {0xffffffff, 86'400}};
  for (const auto& row : rows) {
    World world;
    world.learn({"a.b"}, {kFirst}, row.ttl);
    EXPECT_EQ(world.memory.next_expiry(), kStart + row.seconds * kSecond) << row.ttl;
  }
}

TEST(Memory, ALaterAnswerLengthensAndNeverShortens) {
  World world;
  world.learn({"a.b"}, {kFirst}, 300);
  world.pass(10 * kSecond);
  world.learn({"a.b"}, {kFirst}, 5);
  EXPECT_EQ(world.told(kFirst), "a.b@320");
  world.learn({"a.b"}, {kFirst}, 600);
  EXPECT_EQ(world.told(kFirst), "a.b@630");
}

TEST(Memory, NoAnswerUnlearns) {
  World world;
  world.learn({"a.b"}, {kFirst});
  world.pass(80 * kSecond);
  world.learn({"a.b"}, {kSecondOne});
  world.learn({"a.b"}, {kSix});
  EXPECT_THAT(world.addresses_of("a.b"), ElementsAre("203.0.113.1", "203.0.113.2", "2001:db8::1"));
  world.pass(10 * kSecond);
  EXPECT_THAT(world.addresses_of("a.b"), ElementsAre("203.0.113.2", "2001:db8::1")) << "each lives by itself";
}

TEST(Memory, EveryNameOfAnAnswerHasItsAddresses) {
  World world;
  world.learn({"www.example.com", "cdn.example.net", "www.example.com"}, {kFirst, kSix});
  for (const net::Ip& one : {kFirst, kSix})
    EXPECT_EQ(world.told(one), "www.example.com@90 cdn.example.net@90");
  EXPECT_THAT(world.memory.names_of(kFirst), SizeIs(2));
  EXPECT_EQ(world.memory.names_of(kFirst).front().name, "cdn.example.net");
  EXPECT_EQ(world.memory.names(), 2u);
  EXPECT_EQ(world.memory.addresses(), 4u);
}

TEST(Memory, WhatDidNotChangeIsNotToldAgain) {
  World world;
  EXPECT_FALSE(world.memory.changed());
  world.learn({"a.b"}, {kFirst});
  EXPECT_TRUE(world.memory.changed());
  const Changes first = world.drain();
  EXPECT_THAT(first.slots, SizeIs(1));
  EXPECT_THAT(first.addresses, SizeIs(1));
  EXPECT_FALSE(world.memory.changed());
  world.learn({"a.b"}, {kFirst}, 5);
  EXPECT_THAT(world.drain().addresses, IsEmpty());
  world.learn({"a.b"}, {kSecondOne}, 0);
  world.pass(30 * kSecond);
  EXPECT_THAT(world.drain().addresses, IsEmpty()) << "it came and went";
}

TEST(Memory, AnEntryHasOfEachClassTheOneThatLivesLongest) {
  World world;
  for (int i = 0; i < 10; ++i) {
    const std::string name = "n" + std::to_string(i) + ".b";
    if (i >= 2) world.classes[name] = i < 8 ? 1 : static_cast<uint64_t>(i);
    world.learn({name}, {kFirst}, static_cast<uint32_t>(i < 2 ? 900 + i : 100 - i * 10));
  }
  EXPECT_EQ(world.told(kFirst), "n2.b@110 n8.b@50 n9.b@40 n3.b@100 n4.b@90 n5.b@80 n6.b@70 n7.b@60");
  world.pass(60 * kSecond);
  EXPECT_EQ(world.told(kFirst), "n2.b@50 n3.b@40 n4.b@30 n5.b@20 n6.b@10 n1.b@871 n0.b@870");
}

TEST(Memory, AmongNamesOfNoRuleThoseThatLiveLongest) {
  World world;
  for (uint32_t i = 0; i < 20; ++i) world.learn({"n" + std::to_string(i) + ".b"}, {kFirst}, i);
  EXPECT_EQ(world.told(kFirst), "n19.b@49 n18.b@48 n17.b@47 n16.b@46 n15.b@45 n14.b@44 n13.b@43 n12.b@42");
}

TEST(Memory, EntriesAreChosenAnewWhereClassesChange) {
  World world;
  for (uint32_t i = 0; i < 20; ++i) world.learn({"n" + std::to_string(i) + ".b"}, {kFirst}, i);
  world.drain();
  world.classes["n0.b"] = 7;
  const Slot slots[] = {world.memory.slot_of("n0.b"), 0, 16383, 65535};
  world.memory.classes_changed(slots);
  EXPECT_THAT(world.told(kFirst), testing::StartsWith("n0.b@30 n19.b@49"));
  world.memory.classes_changed(slots);
  EXPECT_FALSE(world.memory.changed());
  world.classes.clear();
  world.memory.classes_changed(slots);
  EXPECT_THAT(world.told(kFirst), testing::StartsWith("n19.b@49"));
}

TEST(Memory, NamesOfNoUseAreNotRemembered) {
  World world;
  world.learn({"", std::string(254, 'x'), std::string(253, 'y')}, {kFirst});
  EXPECT_EQ(world.memory.names(), 1u);
  EXPECT_EQ(world.memory.counts().names_refused, 2u);
}

TEST(Memory, IdleNamesGoFirstThenThoseOfNoRuleThenTheOldest) {
  World world({.names = 4});
  world.classes = {{"ruled.b", 1}, {"later.b", 2}, {"new1.b", 3}, {"new2.b", 3}};
  world.learn({"ruled.b"}, {kFirst}, 6000);
  world.pass(kSecond);
  world.learn({"free.b"}, {kFirst}, 6000);
  world.pass(kSecond);
  world.learn({"later.b"}, {kFirst}, 6000);
  world.pass(kSecond);
  world.learn({"idle.b"}, {kFirst}, 0);
  world.pass(31 * kSecond);
  const auto remembered = [&] {
    world.drain();
    std::vector<std::string> names;
    for (const auto& [slot, name] : world.slots) names.push_back(name);
    return names;
  };
  world.learn({"new1.b"}, {kFirst}, 6000);
  EXPECT_THAT(remembered(), UnorderedElementsAre("ruled.b", "free.b", "later.b", "new1.b"));
  world.learn({"new2.b"}, {kFirst}, 6000);
  EXPECT_THAT(remembered(), UnorderedElementsAre("ruled.b", "later.b", "new1.b", "new2.b"));
  world.pass(kSecond);
  world.learn({"ruled.b"}, {kFirst}, 5);  // no longer the oldest
  world.learn({"other.b"}, {kFirst}, 6000);
  EXPECT_THAT(remembered(), UnorderedElementsAre("ruled.b", "other.b", "new1.b", "new2.b"));
  EXPECT_EQ(world.memory.counts().names_given_up, 3u);
  EXPECT_EQ(world.memory.names_of(kFirst).size(), 4u);
}

TEST(Memory, ASlotThatAFlowRefersToIsKept) {
  World world({.names = 2});
  world.learn({"a.b"}, {kFirst});
  world.learn({"c.d"}, {kFirst});
  EXPECT_EQ(world.asked_slots, 0u) << "asked only where slots run out";
  const Slot used = world.memory.slot_of("a.b"), other = world.memory.slot_of("c.d");
  world.used_slots = {used};
  world.learn({"e.f"}, {kFirst});
  EXPECT_EQ(world.memory.slot_of("a.b"), used);
  EXPECT_EQ(world.memory.slot_of("c.d"), 0);
  EXPECT_NE(world.memory.slot_of("e.f"), other) << "the longest free one is given out";
  world.used_slots.insert(world.memory.slot_of("e.f"));
  world.learn({"g.h"}, {kFirst});
  EXPECT_EQ(world.memory.slot_of("g.h"), 0);
  EXPECT_EQ(world.memory.counts().names_refused, 1u);
  const size_t asked = world.asked_slots;
  world.learn({"g.h"}, {kFirst});
  EXPECT_EQ(world.asked_slots, asked) << "they are not asked about again at once";
  world.used_slots.clear();
  world.pass(10 * kSecond);
  world.learn({"g.h"}, {kFirst});
  EXPECT_NE(world.memory.slot_of("g.h"), 0);
}

TEST(Memory, NamesOfOneAnswerDoNotPushEachOtherOut) {
  World world({.names = 2});
  world.learn({"a.b", "c.d", "e.f"}, {kFirst});
  EXPECT_EQ(world.told(kFirst), "a.b@90 c.d@90");
  EXPECT_EQ(world.memory.counts().names_refused, 1u);
}

TEST(Memory, TheNameKeepsItsSlot) {
  World world;
  world.learn({"a.b"}, {kFirst});
  const Slot slot = world.memory.slot_of("a.b");
  for (int i = 0; i < 40; ++i) {
    world.pass(kHour);
    world.learn({"n" + std::to_string(i) + ".b"}, {kFirst});
  }
  world.learn({"a.b"}, {kFirst});
  EXPECT_EQ(world.memory.slot_of("a.b"), slot);
  EXPECT_EQ(world.memory.name_of(slot), "a.b");
}

TEST(Memory, SixteenThousandNames) {
  World world;
  for (int i = 0; i < 20'000; ++i)
    world.learn({"n" + std::to_string(i) + ".b"}, {numbered(static_cast<uint32_t>(i))});
  world.drain();
  EXPECT_EQ(world.slots.size(), 16'000u);
  EXPECT_EQ(world.memory.slot_of("n3999.b"), 0);
  EXPECT_NE(world.memory.slot_of("n4000.b"), 0);
  for (const auto& [slot, name] : world.slots) ASSERT_TRUE(slot >= 1 && slot <= kLastSlot);
}

TEST(Memory, RestoresWhatAFormerAgentLeft) {
  World former;
  former.classes = {{"a.b", 3}};
  former.learn({"a.b", "c.d"}, {kFirst, kSix}, 600);
  former.pass(100 * kSecond);
  former.learn({"c.d"}, {kSecondOne}, 5);
  former.drain();
  std::vector<SlotChange> slots;
  for (const auto& [slot, name] : former.slots) slots.push_back({slot, name});
  World later;
  later.slots = former.slots;
  later.entries = former.entries;
  later.classes = former.classes;
  later.now = former.now + 40 * kSecond;
  later.memory.restore(slots, {former.entries.begin(), former.entries.end()}, later.now);
  const Changes changes = later.drain();
  EXPECT_THAT(changes.slots, IsEmpty());
  ASSERT_THAT(changes.addresses, SizeIs(1));
  EXPECT_EQ(changes.addresses[0].ip, kSecondOne) << "it expired meanwhile";
  EXPECT_EQ(later.told(kFirst), "a.b@490 c.d@490");
  EXPECT_EQ(later.memory.slot_of("a.b"), former.memory.slot_of("a.b"));
  later.learn({"e.f"}, {kFirst});
  EXPECT_GT(later.memory.slot_of("e.f"), 2) << "a slot of its own";
}

TEST(Memory, WhatCannotBeRestoredIsTakenAway) {
  const auto entry = [](std::vector<SlotUntil> all) {
    Entry one;
    for (const SlotUntil& owner : all) one.slots[one.count++] = owner;
    return one;
  };
  const std::vector<std::pair<net::Ip, Entry>> entries = {
      {kFirst, entry({{1, kStart + kSecond}, {9, kStart + kSecond}})},    // 9 is nobody's
      {kSecondOne, entry({{1, kStart + 2 * kLongestLife}})},              // longer than a day
      {kSix, entry({{0, kStart + kSecond}, {60000, kStart + kSecond}})},  // no slots
  };
  World world;
  world.memory.restore(
      {{1, "a.b"}, {2, "a.b"}, {3, std::string(300, 'x')}, {0, "e.f"}, {16384, "g.h"}, {1, "c.d"}}, entries,
      kStart);
  const Changes changes = world.memory.drain_changed();
  std::map<Slot, std::string> told;
  for (const auto& [slot, name] : changes.slots) told[slot] = name;
  EXPECT_EQ(told, (std::map<Slot, std::string>{{0, ""}, {1, "a.b"}, {2, ""}, {3, ""}, {16384, ""}}));
  ASSERT_THAT(changes.addresses, SizeIs(3));
  EXPECT_EQ(changes.addresses[0].entry, entry({{1, kStart + kSecond}}));
  EXPECT_EQ(changes.addresses[1].entry, std::nullopt);
  EXPECT_EQ(changes.addresses[2].entry, std::nullopt);
}

}  // namespace
}  // namespace sluice::names
