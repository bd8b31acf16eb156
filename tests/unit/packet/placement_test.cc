// Placement: images into maps and back, slots given out and taken back, and what does not fit.
#include "agent/image/placement.h"

#include <gmock/gmock.h>

#include <cstring>
#include <set>
#include <vector>

#include "agent/image/encode.h"
#include "agent/packet/build.h"
#include "tests/unit/packet/applied.h"
#include "tests/unit/packet/random_image.h"

namespace sluice::packet {
namespace {

using testing::cidr;
using ::testing::HasSubstr;
using testing::ip;
using testing::kFriend;
using testing::kPodInterface;
using testing::kStranger;
using testing::port;
using testing::ports;
using testing::World;

TEST(Placement, WhatIsPutIsRead) {
  RandomImage images = RandomImage(1).moving(true);
  Applied applied;
  expect_holds(applied.maps, {}, "empty maps");
  for (int i = 0; i < 60; ++i) {
    const image::Image image = images.draw();
    const std::string where = "image " + std::to_string(i);
    auto status = applied.put(image);
    ASSERT_TRUE(status.ok()) << where << ": " << status.error().message();
    expect_holds(applied.maps, image, where);
    if (i % 7 == 0) {
      ASSERT_TRUE(applied.restart().ok()) << where;
    }
  }
  ASSERT_TRUE(applied.put({}).ok());
  expect_holds(applied.maps, {}, "everything removed");
  EXPECT_EQ(applied.placement.fill({}).at(SLUICE_MAP_PORT_PAGES).used,
            image::Placement().fill({}).at(SLUICE_MAP_PORT_PAGES).used)
      << "port pages are given back";
}

TEST(Placement, TheSameImageIsNoChange) {
  Applied applied;
  const image::Image image = RandomImage(2).draw();
  ASSERT_TRUE(applied.put(image).ok());
  auto plan = applied.placement.plan(image, image::difference(image, image));
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(plan->prepare.empty() && plan->endpoints.empty() && plan->interfaces.empty() &&
              plan->cleanup.empty());
}

// The keys of the rules that these batches write or remove.
std::vector<image::RuleKey> rules_in(const std::vector<image::Batch>& batches) {
  std::vector<image::RuleKey> keys;
  for (const image::Batch& batch : batches) {
    if (batch.map != SLUICE_MAP_RULES) continue;
    for (uint32_t i = 0; i < batch.count; ++i) {
      sluice_rule key{};
      std::memcpy(&key, &batch.keys[i * sizeof key], sizeof key);
      keys.push_back(image::decode(key));
    }
  }
  return keys;
}

image::Image friend_is(image::IdentityId identity, image::RulesetId ruleset) {
  image::Image image;
  image.endpoints[{100}].ipv4 = ip("10.0.0.1");
  image.endpoints[{100}].sides[SLUICE_EGRESS] = {ruleset, image::Ref::none()};
  image.addresses[ip("10.0.0.2")] = {identity, false, false};
  image.rules[{ruleset, identity}] = image::Ref::all();
  return image;
}

TEST(Placement, ARuleThatNoPacketAsksForAnyMoreIsDeletedWithoutBeingWritten) {
  struct Row {
    const char* what;
    image::IdentityId identity;
    image::RulesetId ruleset;
  };
  for (const Row& row : {Row{"its identity is gone", {8}, {1}}, Row{"its rule set is gone", {7}, {2}}}) {
    Applied applied;
    const image::Image before = friend_is({7}, {1}), after = friend_is(row.identity, row.ruleset);
    ASSERT_TRUE(applied.put(before).ok()) << row.what;
    auto plan = applied.placement.plan(after, image::difference(before, after));
    ASSERT_TRUE(plan.ok()) << row.what;
    EXPECT_THAT(rules_in(plan->prepare), ::testing::ElementsAre(image::RuleKey{row.ruleset, row.identity}))
        << row.what;
    EXPECT_THAT(rules_in(plan->cleanup), ::testing::ElementsAre(image::RuleKey{{1}, {7}})) << row.what;
  }
  Applied applied;
  const image::Image before = friend_is({7}, {1});
  image::Image after = before;
  after.rules.clear();
  ASSERT_TRUE(applied.put(before).ok());
  auto plan = applied.placement.plan(after, image::difference(before, after));
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(rules_in(plan->prepare), ::testing::ElementsAre(image::RuleKey{{1}, {7}}))
      << "a rule that packets ask for must say that it is gone";
}

TEST(Placement, ARuleOfAnIdentityWithANameGoesWithThatNamesClass) {
  const image::NameClassId name_class{0xc1};
  image::Image before = friend_is({7}, {1});
  before.endpoints[{100}].names = true;
  before.names[5] = name_class;
  const image::RuleKey by_name{{1}, image::named({7}, name_class)};
  before.rules[by_name] = image::Ref::all();
  image::Image after = before;
  after.names.clear();
  after.rules.erase(by_name);
  Applied applied;
  ASSERT_TRUE(applied.put(before).ok());
  auto plan = applied.placement.plan(after, image::difference(before, after));
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(rules_in(plan->prepare), ::testing::IsEmpty()) << "no packet asks for it any more";
  EXPECT_THAT(rules_in(plan->cleanup), ::testing::ElementsAre(by_name));
  Applied anew;
  ASSERT_TRUE(anew.put(before).ok());
  after = before;
  after.rules.erase(by_name);
  plan = anew.placement.plan(after, image::difference(before, after));
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(rules_in(plan->prepare), ::testing::ElementsAre(by_name))
      << "a packet may ask: it says that it is gone";
}

// The slot of the only port set in sluice_portsets that the pod's side refers to.
uint32_t portset_slot(const Maps& maps) {
  const sluice_endpoint pod = maps.contents().endpoints.at(SLUICE_FIRST_ENDPOINT);
  const auto& newest = pod.policy[0].since > pod.policy[1].since && pod.policy[0].since != SLUICE_NEVER
                           ? pod.policy[0]
                           : pod.policy[1];
  const auto& side = pod.policy[1].since == SLUICE_NEVER ? pod.policy[0].side[1] : newest.side[1];
  return SLUICE_REF_ARGUMENT(side.default_ref);
}

image::Image with_ports(unsigned number) {
  World world(ip("10.0.0.1"));
  const image::Ref ref = world.portset(net::kTcp, {ports(number)});
  return world.isolate(SLUICE_EGRESS, ref).image();
}

TEST(Placement, SlotsAreUsedAgainOnlyWhenNoPacketReadsThem) {
  Maps maps;
  image::Placement placement;
  image::Image image;
  auto put = [&](const image::Image& to, bool cleaned_up) {
    auto plan = placement.plan(to, image::difference(image, to));
    ASSERT_TRUE(plan.ok() && image::put_in_force(*plan, maps).ok());
    if (cleaned_up) {
      ASSERT_TRUE(image::clean_up(*plan, maps).ok());
      placement.release_freed(*plan);
    }
    image = to;
  };
  put(with_ports(80), true);
  const uint32_t first = portset_slot(maps);
  put(with_ports(81), false);
  const uint32_t second = portset_slot(maps);
  EXPECT_NE(second, first) << "a packet may still read it";
  put(with_ports(82), true);
  const uint32_t third = portset_slot(maps);
  EXPECT_NE(third, first) << "the change that freed it is not cleaned up";
  EXPECT_NE(third, second);
  put(with_ports(83), true);
  EXPECT_EQ(portset_slot(maps), second) << "freed by the change that is cleaned up";
}

TEST(Placement, NumbersOfFlowsAreNeverGivenOutTwice) {
  Applied applied;
  std::set<uint32_t> seen;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(applied.put(World(ip("10.0.0.1")).image()).ok());
    EXPECT_TRUE(seen.insert(applied.maps.contents().endpoints.at(SLUICE_FIRST_ENDPOINT).id).second);
    ASSERT_TRUE(applied.put({}).ok());
    ASSERT_TRUE(applied.restart().ok());
  }
}

TEST(Placement, EntryZeroIsNobodys) {
  Applied applied;
  ASSERT_TRUE(applied.put(World(ip("10.0.0.1")).image()).ok());
  EXPECT_EQ(applied.maps.contents().endpoints.at(SLUICE_NO_ENDPOINT).pod, 0U);
  EXPECT_EQ(SLUICE_ENDPOINT_INDEX(applied.placement.id_of(testing::kPod).value_or(0)), SLUICE_FIRST_ENDPOINT);
}

TEST(Placement, SlotsThatRunOutSaySo) {
  image::Slots slots(3, "endpoints", 1);
  EXPECT_EQ(*slots.take(), 1U);
  EXPECT_EQ(*slots.take(), 2U);
  auto full = slots.take();
  ASSERT_FALSE(full.ok());
  EXPECT_THAT(full.error().message(), HasSubstr("map endpoints is full: all 3 entries"));
  slots.give_back(1);
  EXPECT_EQ(*slots.take(), 1U);
}

// ---- what does not fit

struct Full {
  sluice_map map;
  image::Image too_much;
};

std::vector<Full> full_maps() {
  auto before = [] { return World(ip("10.0.0.1")).isolate(SLUICE_EGRESS).peer(ip("10.0.1.1")); };
  auto pair = [](World world, uint32_t ifindex) {
    return world.pod(testing::kOtherPod, ip("10.0.0.2"), ifindex).image();
  };
  World ports_of_all = before();
  const image::Ref ref = ports_of_all.portset(net::kTcp, {ports(2000)});
  const image::Image portset = ports_of_all.allow(SLUICE_EGRESS, kFriend, ref).image();
  return {
      {SLUICE_MAP_ADDRESSES4, before().peer(ip("10.0.1.2")).peer(ip("10.0.1.3")).image()},
      {SLUICE_MAP_ADDRESSES6, before().peer(ip("fd00::2")).peer(ip("fd00::3")).image()},
      {SLUICE_MAP_PREFIXES4,
       before().prefix(cidr("10.8.0.0/16"), kFriend).prefix(cidr("10.9.0.0/16"), kFriend).image()},
      {SLUICE_MAP_PREFIXES6,
       before().prefix(cidr("fd08::/16"), kFriend).prefix(cidr("fd09::/16"), kFriend).image()},
      {SLUICE_MAP_SOURCES,
       before().source(cidr("10.8.0.0/16")).source(cidr("10.9.0.0/16"), SLUICE_SOURCE_FOREIGN).image()},
      {SLUICE_MAP_SERVICES, before()
                                .service(ip("10.0.1.1"), net::kTcp, port(1))
                                .service(ip("10.0.1.1"), net::kTcp, port(2))
                                .image()},
      {SLUICE_MAP_NAMES, before().names().name(1, {0xc1}).name(2, {0xc2}).image()},
      {SLUICE_MAP_RULES, before()
                             .allow(SLUICE_EGRESS, kFriend, image::Ref::all())
                             .peer(ip("10.0.1.2"), kStranger)
                             .allow(SLUICE_EGRESS, kStranger, image::Ref::all())
                             .image()},
      {SLUICE_MAP_INTERFACES_MORE, pair(before(), kPodInterface + SLUICE_INTERFACE_SLOTS)},
      {SLUICE_MAP_ENDPOINTS, pair(before(), 9)},
      {SLUICE_MAP_PORTSETS, portset},
      {SLUICE_MAP_PORT_TABLES, portset},
      {SLUICE_MAP_PORT_PAGES, portset},
  };
}

uint32_t small_limit(sluice_map map) {
  switch (map) {
    case SLUICE_MAP_INTERFACES_MORE:
    case SLUICE_MAP_PORTSETS:
      return 0;
    case SLUICE_MAP_ENDPOINTS:
    case SLUICE_MAP_PORT_TABLES:
    case SLUICE_MAP_PORT_PAGES:
      return 2;  // what a small image needs
    default:
      return 1;
  }
}

TEST(Placement, AFullMapIsAnErrorAndLeavesTheStateBefore) {
  for (const Full& full : full_maps()) {
    const std::string name(image::map_name(full.map));
    Applied applied;
    const image::Image before = World(ip("10.0.0.1")).isolate(SLUICE_EGRESS).peer(ip("10.0.1.1")).image();
    ASSERT_TRUE(applied.put(before).ok());
    const uint32_t limit = image::map_sizes(full.map).entries;
    applied.maps.set_limit(full.map, small_limit(full.map));
    const uint64_t epoch = applied.placement.epoch();

    auto status = applied.put(full.too_much);
    ASSERT_FALSE(status.ok()) << name;
    EXPECT_THAT(status.error().message(), HasSubstr("map " + name));
    EXPECT_THAT(status.error().message(), HasSubstr("the previous state stays in force"));
    EXPECT_EQ(applied.maps.contents().config.epoch, epoch) << name;
    EXPECT_FALSE(applied.maps.passes(build(opening(ip("10.0.0.1"), ip("10.0.1.1"), net::kTcp, port(2000))),
                                     kPodInterface, SLUICE_EGRESS))
        << name << ": as before";

    ASSERT_TRUE(applied.restart().ok()) << name;
    EXPECT_TRUE(applied.image == before)
        << name << ": " << image::to_text(image::difference(before, applied.image));
    ASSERT_TRUE(applied.put(before).ok()) << name;
    expect_holds(applied.maps, before, name + ", cleared up");
    applied.maps.set_limit(full.map, limit);
    ASSERT_TRUE(applied.put(full.too_much).ok()) << name;
    expect_holds(applied.maps, full.too_much, name + ", with room");
  }
}

}  // namespace
}  // namespace sluice::packet
