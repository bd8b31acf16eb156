// Memory where it is full (semantics-names 83), and many answers against the plainest memory there is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "agent/names/memory.h"
#include "tests/unit/names/world.h"

namespace sluice::names {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

std::vector<net::Ip> range(uint32_t from, uint32_t to) {
  std::vector<net::Ip> all;
  for (uint32_t i = from; i < to; ++i) all.push_back(numbered(i));
  return all;
}

TEST(FullName, TheOneThatExpiresFirstGoes) {
  World world({.addresses_of_name = 3});
  world.learn({"a.b"}, {numbered(1)}, 100);
  world.learn({"a.b"}, {numbered(2)}, 10);
  world.learn({"a.b"}, {numbered(3)}, 50);
  world.learn({"c.d"}, {numbered(2)}, 1);
  EXPECT_EQ(world.asked_addresses, 0u) << "asked only where a limit is met";
  world.learn({"a.b"}, {numbered(4)}, 0);
  EXPECT_THAT(world.addresses_of("a.b"), ElementsAre("198.18.0.1", "198.18.0.3", "198.18.0.4"));
  EXPECT_THAT(world.addresses_of("c.d"), ElementsAre("198.18.0.2")) << "another name's is another's";
  EXPECT_EQ(world.told(numbered(2)), "c.d@31");
  EXPECT_EQ(world.memory.counts().addresses_given_up, 1u);
}

TEST(FullName, WhatAConnectionUsesStays) {
  World world({.addresses_of_name = 3});
  world.learn({"a.b"}, range(1, 4));
  world.used_addresses = {numbered(1), numbered(2)};
  for (uint32_t i = 4; i < 100; ++i) world.learn({"a.b"}, {numbered(i)});
  EXPECT_THAT(world.addresses_of("a.b"), ElementsAre("198.18.0.1", "198.18.0.2", "198.18.0.99"));
  world.used_addresses.insert(numbered(99));
  world.learn({"a.b"}, {numbered(100)});
  EXPECT_THAT(world.addresses_of("a.b"), ElementsAre("198.18.0.1", "198.18.0.2", "198.18.0.99"));
  EXPECT_EQ(world.memory.counts().addresses_refused, 1u);
}

TEST(FullName, NothingOfTheAnswerThatIsLearntGoes) {
  World world({.addresses_of_name = 3});
  world.learn({"a.b"}, range(1, 3), 0);
  world.learn({"a.b"}, range(2, 7), 0);
  EXPECT_THAT(world.addresses_of("a.b"), ElementsAre("198.18.0.2", "198.18.0.3", "198.18.0.4"));
  EXPECT_EQ(world.memory.counts().addresses_refused, 2u);
  EXPECT_EQ(world.memory.counts().addresses_given_up, 1u);
}

TEST(FullName, AThousandAddressesEightAnAnswer) {
  World world;
  world.used_addresses = {};
  for (uint32_t i = 0; i < 50; ++i) world.used_addresses.insert(numbered(i));
  for (uint32_t i = 0; i < 3000; i += 8) {
    world.learn({"s3.example.com"}, range(i, i + 8));
    world.now += kSecond / 100;
  }
  EXPECT_THAT(world.addresses_of("s3.example.com"), SizeIs(1000));
  for (uint32_t i = 0; i < 50; ++i) EXPECT_NE(world.told(numbered(i)), "") << i;
  EXPECT_NE(world.told(numbered(2999)), "");
  EXPECT_EQ(world.told(numbered(50)), "");
}

TEST(FullNode, TheNameThatHasTheMostGives) {
  World world({.addresses_of_name = 100, .addresses = 20});
  world.learn({"quiet.b"}, range(500, 503), 0);
  world.learn({"flood.b"}, range(0, 40));
  EXPECT_THAT(world.addresses_of("quiet.b"), SizeIs(3));
  EXPECT_THAT(world.addresses_of("flood.b"), SizeIs(17));
  EXPECT_EQ(world.memory.counts().addresses_refused, 23u) << "they are all of one answer";
  world.learn({"flood.b"}, range(40, 50));
  EXPECT_THAT(world.addresses_of("quiet.b"), SizeIs(3));
  world.learn({"new.b"}, range(600, 602));
  EXPECT_THAT(world.addresses_of("new.b"), SizeIs(2));
  EXPECT_THAT(world.addresses_of("flood.b"), SizeIs(15));
  EXPECT_EQ(world.memory.addresses(), 20u);
}

TEST(FullNode, NamesOfNoRuleGiveFirst) {
  World world({.addresses_of_name = 100, .addresses = 20});
  world.classes = {{"ruled.b", 1}, {"also.b", 2}};
  world.learn({"ruled.b"}, range(0, 15));
  world.learn({"free.b"}, range(100, 105));
  world.learn({"also.b"}, range(200, 204));
  EXPECT_THAT(world.addresses_of("ruled.b"), SizeIs(15));
  EXPECT_THAT(world.addresses_of("free.b"), SizeIs(1));
  world.learn({"other.b"}, range(300, 302));
  EXPECT_THAT(world.addresses_of("other.b"), SizeIs(1)) << "takes nothing from those that rules name";
  world.learn({"also.b"}, range(204, 210));
  EXPECT_THAT(world.addresses_of("also.b"), SizeIs(10));
  EXPECT_THAT(world.addresses_of("ruled.b"), SizeIs(10));
}

TEST(FullNode, WhatIsUsedIsSkippedAndARefusalIsCounted) {
  World world({.addresses_of_name = 100, .addresses = 6});
  world.learn({"big.b"}, range(0, 4));
  world.learn({"small.b"}, range(10, 12));
  for (uint32_t i = 0; i < 4; ++i) world.used_addresses.insert(numbered(i));
  world.learn({"new.b"}, {numbered(20)});
  EXPECT_THAT(world.addresses_of("big.b"), SizeIs(4));
  EXPECT_THAT(world.addresses_of("small.b"), SizeIs(1));
  EXPECT_THAT(world.addresses_of("new.b"), SizeIs(1));
  world.used_addresses.insert(numbered(10));
  world.used_addresses.insert(numbered(11));
  world.used_addresses.insert(numbered(20));
  world.learn({"last.b"}, {numbered(30)});
  EXPECT_THAT(world.addresses_of("last.b"), SizeIs(0));
  EXPECT_EQ(world.memory.counts().addresses_refused, 1u);
}

TEST(FullNode, SixtyFourThousandAndAQuietName) {
  World world;
  world.learn({"quiet.b"}, range(900'000, 900'005));
  for (uint32_t name = 0; name < 70; ++name)
    for (uint32_t i = 0; i < 1000; i += 8)
      world.learn({"n" + std::to_string(name) + ".b"}, range(name * 1000 + i, name * 1000 + i + 8), 600);
  EXPECT_EQ(world.memory.addresses(), 64'000u);
  EXPECT_THAT(world.addresses_of("quiet.b"), SizeIs(5));
  EXPECT_LE(world.asked_addresses, 80'000u);
}

// What was learnt and when it ends, without limits: the plainest way.
struct Plain {
  std::map<std::pair<net::Ip, std::string>, uint64_t> until;
  void learn(const std::vector<std::string>& names, const std::vector<net::Ip>& addresses, uint32_t ttl,
             uint64_t now) {
    for (const std::string& name : names)
      for (const net::Ip& one : addresses) {
        uint64_t& known = until[{one, name}];
        known = std::max(known, now + std::min((ttl + uint64_t{30}) * kSecond, 86'400 * kSecond));
      }
  }
};

TEST(Memory, IsThePlainestMemoryAsTheEntriesTellIt) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](uint32_t count) { return static_cast<uint32_t>(random() % count); };
    World world;
    Plain plain;
    for (int step = 0; step < 400; ++step) {
      std::vector<std::string> names;
      std::vector<net::Ip> addresses;
      for (uint32_t i = pick(3); i-- > 0;) names.push_back("n" + std::to_string(pick(8)) + ".b");
      for (uint32_t i = pick(4); i-- > 0;) addresses.push_back(numbered(pick(10)));
      const uint32_t ttl = pick(10) == 0 ? 100'000 : pick(200);
      world.learn(names, addresses, ttl);
      plain.learn(names, addresses, ttl, world.now);
      world.classes["n" + std::to_string(pick(8)) + ".b"] = pick(3);
      std::vector<Slot> all;
      for (Slot slot = 0; slot < 20; ++slot) all.push_back(slot);
      if (pick(4) == 0) world.memory.classes_changed(all);
      if (pick(2) == 0) world.pass(pick(100) * kSecond);
      if (pick(3) == 0) world.drain();
      std::erase_if(plain.until, [&](const auto& one) { return one.second <= world.now; });
      world.memory.expire(world.now);
      world.drain();
      std::map<std::pair<net::Ip, std::string>, uint64_t> told;  // eight names: every entry has all of them
      for (const auto& [one, entry] : world.entries)
        for (const SlotUntil& owner : entry.all()) told[{one, world.slots.at(owner.slot)}] = owner.until;
      ASSERT_EQ(told, plain.until) << "seed " << seed << ", step " << step;
    }
  }
}

// Law 4, of all that have the address.
std::vector<SlotUntil> best_of(const std::vector<Listed>& owners, const World& world) {
  std::vector<std::tuple<int, uint64_t, Slot>> order;
  for (const Listed& one : owners) {
    const auto known = world.classes.find(one.name);
    const uint64_t its_class = known == world.classes.end() ? 0 : known->second;
    bool is_best = its_class != 0;
    for (const Listed& other : owners) {
      const auto others = world.classes.find(other.name);
      if (others == world.classes.end() || others->second != its_class) continue;
      is_best &= std::pair(~other.until, other.slot) >= std::pair(~one.until, one.slot);
    }
    order.emplace_back(is_best ? 0 : its_class != 0 ? 1 : 2, ~one.until, one.slot);
  }
  std::ranges::sort(order);
  std::vector<SlotUntil> best;
  for (const auto& [group, until, slot] : order)
    if (best.size() < kMostSlots) best.push_back({slot, ~until});
  return best;
}

TEST(Memory, AnEntryIsTheBestOfAllHoweverItCameAbout) {
  for (uint32_t seed = 0; seed < 10; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](uint32_t count) { return static_cast<uint32_t>(random() % count); };
    const uint32_t classes = seed % 2 == 0 ? 3 : 12;
    World world({.names = 25});
    for (int step = 0; step < 800; ++step) {
      for (uint32_t i = pick(4); i-- > 0;)
        world.learn({"n" + std::to_string(pick(30)) + ".b"}, {numbered(pick(2))}, pick(300));
      if (pick(8) == 0) {
        const std::string name = "n" + std::to_string(pick(30)) + ".b";
        world.classes[name] = pick(classes);
        const Slot changed[] = {world.memory.slot_of(name)};
        world.memory.classes_changed(changed);
      }
      if (pick(2) == 0) world.pass(pick(30) * kSecond);
      if (pick(3) == 0) continue;
      world.drain();
      for (uint32_t i = 0; i < 2; ++i) {
        const auto all = world.entries[numbered(i)].all();
        ASSERT_EQ(std::vector<SlotUntil>(all.begin(), all.end()),
                  best_of(world.memory.names_of(numbered(i)), world))
            << "seed " << seed << ", step " << step;
      }
    }
  }
}

TEST(Memory, KeepsItsLawsAtItsLimits) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](uint32_t count) { return static_cast<uint32_t>(random() % count); };
    const Limits limits{.names = 6, .addresses_of_name = 5, .addresses = 16};
    World world(limits);
    for (int step = 0; step < 600; ++step) {
      std::vector<std::string> names;
      std::vector<net::Ip> addresses;
      for (uint32_t i = pick(4); i-- > 0;) names.push_back("n" + std::to_string(pick(12)) + ".b");
      for (uint32_t i = pick(9); i-- > 0;) addresses.push_back(numbered(pick(30)));
      world.classes["n" + std::to_string(pick(12)) + ".b"] = pick(3);
      std::set<net::Ip> used_before;  // and so must they be afterwards
      for (const Listed& listed : world.memory.list())
        if (world.used_addresses.contains(listed.ip) && world.used_slots.contains(listed.slot) &&
            listed.until > world.now)
          used_before.insert(listed.ip);
      world.learn(names, addresses, pick(200));
      for (const net::Ip& one : used_before) ASSERT_FALSE(world.memory.names_of(one).empty());
      for (const Slot slot : world.used_slots) ASSERT_NE(world.memory.name_of(slot), "");
      world.pass(pick(8) * kSecond);
      world.drain();
      ASSERT_LE(world.slots.size(), limits.names);
      ASSERT_LE(world.memory.addresses(), limits.addresses);
      std::map<std::string, size_t> counted;
      std::map<net::Ip, std::set<Slot>> owners, told;
      for (const Listed& listed : world.memory.list()) {
        ASSERT_LE(++counted[listed.name], limits.addresses_of_name);
        owners[listed.ip].insert(listed.slot);
      }
      for (const auto& [one, entry] : world.entries)
        for (const SlotUntil& owner : entry.all()) told[one].insert(owner.slot);
      ASSERT_EQ(told, owners) << "seed " << seed << ", step " << step;
      world.used_addresses.clear();
      world.used_slots.clear();
      for (const auto& [slot, name] : world.slots)
        if (pick(3) == 0) world.used_slots.insert(slot);
      for (uint32_t i = 0; i < 30; ++i)
        if (pick(4) == 0) world.used_addresses.insert(numbered(i));
    }
    EXPECT_GT(world.memory.counts().addresses_given_up, 0u);
    EXPECT_GT(world.memory.counts().names_given_up, 0u);
  }
}

}  // namespace
}  // namespace sluice::names
