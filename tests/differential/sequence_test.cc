// Sequences: whatever the order in which objects come, change and go, the image is that of a fresh
// compilation, the maps hold exactly it, and at every single write on the way each packet's verdict is the
// old one or the new one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <set>

#include "tests/differential/node_world.h"
#include "tests/oracle/names.h"
#include "tests/oracle/random_cluster.h"

namespace sluice::differential {
namespace {

constexpr int kPods = 24;
constexpr int kSteps = 12;
constexpr size_t kProbes = 40;

// Under the sanitizers, which take forty times as long, few.
#ifdef SLUICE_SANITIZE
constexpr uint64_t kSeeds = 10;
#else
constexpr uint64_t kSeeds = 60;
#endif

uint64_t seeds() {
  const char* wanted = std::getenv("SLUICE_SEQUENCES");
  return wanted ? std::strtoull(wanted, nullptr, 10) : kSeeds;
}

// Every second one has tiers, and every fourth rules that name domains.
model::Cluster drawn(uint64_t seed) {
  model::Cluster cluster = oracle::random_cluster(seed, kPods);
  if (seed % 2 == 0) cluster = oracle::with_tiers(std::move(cluster), seed);
  return seed % 4 == 0 ? oracle::with_names(std::move(cluster), seed) : cluster;
}

struct World {
  explicit World(const model::Cluster& cluster) : node(busiest_node(cluster)), compiler(node) {}

  std::string node;
  compile::Compiler compiler;
  image::Placement placement;
  packet::Maps maps;
  std::map<std::string, std::set<net::Ip>> resolved;

  // The state after `changes`, step by step as the agent goes; `between` runs after every single write.
  void apply(const std::vector<model::Change>& changes, const std::function<void()>& between = {}) {
    model::Cluster after = compiler.cluster();
    for (const auto& change : changes) after.apply(change);
    auto difference = compiler.update(changes, locals(after, node));
    ASSERT_TRUE(difference) << difference.error().message();
    auto plan = placement.plan(compiler.image(), *difference);
    ASSERT_TRUE(plan) << plan.error().message();
    maps.on_write(between);
    auto status = image::put_in_force(*plan, maps);
    ASSERT_TRUE(status) << status.error().message();
    status = image::clean_up(*plan, maps);
    ASSERT_TRUE(status) << status.error().message();
    maps.on_write({});
    placement.release_freed(*plan);
  }
  bool passes(const Crossing& crossing) {
    bool passes = maps.passes(crossing.frame, crossing.ifindex, crossing.direction);
    maps.clear_flows();
    return passes;
  }
  // What names resolve to from now on. True: the image says already what that asks for.
  bool resolve(std::map<std::string, std::set<net::Ip>> to) {
    const compile::Learnt before = compile::learnt_of(with_resolved());
    resolved = std::move(to);
    const compile::Learnt now = compile::learnt_of(with_resolved());
    std::map<image::NameSlot, std::optional<std::string>> names(now.names.begin(), now.names.end());
    auto addresses = now.addresses;
    for (const auto& [ip, slots] : before.addresses) addresses.try_emplace(ip);
    const auto at_once = compiler.learn(names, addresses);
    return at_once && maps.write(placement.put_at_once(*at_once)).ok();
  }
  model::Cluster with_resolved() {
    model::Cluster cluster = compiler.cluster();
    cluster.resolved = resolved;
    return cluster;
  }
  image::Image fresh() {
    const model::Cluster cluster = with_resolved();
    return compile::compile({cluster, node, {}, locals(cluster, node)});
  }
};

std::vector<model::Change> arrival(const model::Cluster& cluster) {
  return model::difference({}, cluster);
}

// The parts of an image that people would look at first when two differ.
void expect_same(const image::Image& got, const image::Image& want, const std::string& when) {
  EXPECT_EQ(image::to_text(got), image::to_text(want)) << when;
  EXPECT_TRUE(got == want) << when;
}

void expect_maps_hold(World& world, const std::string& when) {
  auto read = image::Placement::read(world.maps.contents());
  ASSERT_TRUE(read) << when << ": " << read.error().message();
  EXPECT_FALSE(read->placement.leftovers()) << when;
  EXPECT_EQ(image::to_text(image::difference(read->image, world.compiler.image())), "") << when;
}

TEST(Sequences, EveryStepIsAFreshCompilation) {
  for (uint64_t seed = 1; seed <= seeds(); ++seed) {
    const model::Cluster start = drawn(seed);
    World world(start);
    world.apply(arrival(start));
    for (int step = 0; step < kSteps; ++step) {
      std::string when = "seed " + std::to_string(seed) + ", step " + std::to_string(step);
      const uint64_t draw = seed * 1000 + static_cast<uint64_t>(step);
      if (step % 3 == 0 && world.resolve(oracle::random_resolved(start, draw))) {
        world.apply({});  // what only the names before needed goes with the next change
        expect_same(world.compiler.image(), world.fresh(), when + ", names");
        expect_maps_hold(world, when + ", names");
      }
      world.apply(oracle::random_change(world.compiler.cluster(), draw));
      expect_same(world.compiler.image(), world.fresh(), when);
      expect_maps_hold(world, when);
      if (HasFailure()) return;
    }
  }
}

TEST(Sequences, EveryPacketSeesTheOldStateOrTheNew) {
  for (uint64_t seed = 1; seed <= seeds(); ++seed) {
    const model::Cluster start = drawn(seed);
    World world(start);
    world.apply(arrival(start));
    for (int step = 0; step < kSteps; ++step) {
      // Several things at once, as a batch of files is.
      model::Cluster later = world.compiler.cluster();
      std::vector<model::Change> changes;
      for (uint64_t part = 0; part < 3; ++part)
        for (auto& change :
             oracle::random_change(later, seed * 7919 + static_cast<uint64_t>(step) * 31 + part)) {
          later.apply(change);
          changes.push_back(std::move(change));
        }
      // A pod that is gone afterwards is nobody's to judge: its programs are taken off.
      std::set<uint32_t> staying;
      for (const auto& pod : locals(later, world.node)) staying.insert(pod.ifindex);
      std::vector<Crossing> packets;
      for (const auto& probe : oracle::random_probes(world.compiler.cluster(), seed + 77, kProbes))
        for (auto& crossing : crossings(world.compiler.cluster(), probe, world.node))
          if (staying.contains(crossing.ifindex)) packets.push_back(std::move(crossing));
      std::vector<bool> old_verdicts;
      for (const auto& packet : packets) old_verdicts.push_back(world.passes(packet));
      std::vector<std::vector<bool>> seen;
      world.apply(changes, [&] {
        std::vector<bool> now;
        for (const auto& packet : packets) now.push_back(world.passes(packet));
        if (seen.empty() || seen.back() != now) seen.push_back(now);
      });
      std::vector<bool> new_verdicts;
      for (const auto& packet : packets) new_verdicts.push_back(world.passes(packet));
      for (const auto& between : seen)
        for (size_t i = 0; i < packets.size(); ++i)
          EXPECT_TRUE(between[i] == old_verdicts[i] || between[i] == new_verdicts[i])
              << "seed " << seed << ", step " << step << ", packet " << i << ": was " << old_verdicts[i]
              << ", is to be " << new_verdicts[i];
      if (HasFailure()) return;
    }
  }
}

// The same objects in other orders, and through detours: reversed, shuffled, with every object replaced once.
TEST(Sequences, OrderAndDetoursLeaveNoTrace) {
  for (uint64_t seed = 1; seed <= seeds(); ++seed) {
    const model::Cluster cluster = drawn(seed), other = drawn(seed + 1);
    World world(cluster);
    world.apply(arrival(cluster));
    std::string expected = image::to_text(world.compiler.image());

    World reversed(cluster);
    auto changes = arrival(cluster);
    std::reverse(changes.begin(), changes.end());
    for (const auto& change : changes) reversed.apply({change});
    expect_same(reversed.compiler.image(), world.compiler.image(), "reversed, seed " + std::to_string(seed));

    World detour(cluster);
    detour.apply(arrival(other));
    detour.apply(model::difference(other, cluster));
    expect_same(detour.compiler.image(), world.compiler.image(), "detour, seed " + std::to_string(seed));
    expect_maps_hold(detour, "detour, seed " + std::to_string(seed));
    if (HasFailure()) return;
  }
}

// Four changes in all 24 orders. Changes of one object keep their order.
TEST(Sequences, AllOrdersOfFourChanges) {
  for (uint64_t seed = 1; seed <= std::max<uint64_t>(1, seeds() / 6); ++seed) {
    model::Cluster start = oracle::random_cluster(seed, kPods), end = start;
    std::map<model::ObjectId, model::Change> last;
    for (uint64_t part = 0; last.size() < 4 && part < 40; ++part)
      for (auto& change : oracle::random_change(start, seed * 131 + part))
        if (last.size() < 4 || last.contains(change.id())) last.insert_or_assign(change.id(), change);
    std::vector<model::Change> changes;
    for (auto& [id, change] : last) {
      changes.push_back(change);
      end.apply(change);
    }
    std::vector<size_t> order(changes.size());
    std::iota(order.begin(), order.end(), size_t{0});
    do {
      World world(start);
      world.apply(arrival(start));
      for (size_t i : order) world.apply({changes[i]});
      ASSERT_TRUE(world.compiler.cluster() == end);
      expect_same(world.compiler.image(), world.fresh(), "seed " + std::to_string(seed));
      expect_maps_hold(world, "seed " + std::to_string(seed));
      if (HasFailure()) return;
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

// The agent dies after any single write: the next one reads back a state, brings it to the one wanted, and no
// packet ever sees anything but the old state or the new one.
TEST(Sequences, AnAgentThatDiesAtAnyWriteLeavesOneState) {
  struct Died {};
  for (uint64_t seed = 1; seed <= std::max<uint64_t>(1, seeds() / 6); ++seed) {
    for (int dies_at = 0;; ++dies_at) {
      const model::Cluster start = drawn(seed);
      World world(start);
      world.apply(arrival(start));
      image::Image old_image = world.compiler.image();
      int writes = 0;
      bool died = false;
      try {
        world.apply(oracle::random_change(world.compiler.cluster(), seed * 17), [&] {
          if (writes++ == dies_at) throw Died{};
        });
      } catch (const Died&) {
        died = true;
      }
      if (!died) break;
      world.maps.on_write({});
      auto read = image::Placement::read(world.maps.contents());
      ASSERT_TRUE(read) << read.error().message();
      auto plan = read->placement.plan(world.compiler.image(),
                                       image::difference(read->image, world.compiler.image()));
      ASSERT_TRUE(plan) << plan.error().message();
      ASSERT_TRUE(image::put_in_force(*plan, world.maps));
      ASSERT_TRUE(image::clean_up(*plan, world.maps));
      read->placement.release_freed(*plan);
      expect_maps_hold(world, "seed " + std::to_string(seed) + ", died at write " + std::to_string(dies_at));
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace sluice::differential
