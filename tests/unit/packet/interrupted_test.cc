// An agent that dies anywhere in a change: what it leaves is the state before or the state after, a new agent
// reads it as that, and its next change leaves nothing behind. And at every moment every packet gets the
// verdict of one of the two (semantics 24).
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "agent/image/encode.h"
#include "agent/packet/build.h"
#include "tests/unit/packet/applied.h"
#include "tests/unit/packet/random_image.h"

namespace sluice::packet {
namespace {

struct Died {};  // thrown out of a write, as the kernel takes no notice of an agent that is gone

// Applies `to` and dies after `writes` of them; false where it came to its end before that.
bool dies_after(Applied& applied, const image::Image& to, int writes) {
  int left = writes;
  applied.maps.on_write([&left] {
    if (--left == 0) throw Died();
  });
  bool died = false;
  try {
    EXPECT_TRUE(applied.put(to).ok());
  } catch (const Died&) {
    died = true;
  }
  applied.maps.on_write(nullptr);
  return died;
}

// What prefixes say of every address that the images know.
std::map<std::string, image::IdentityId> by_prefix(const image::Image& image) {
  std::map<std::string, image::IdentityId> says;
  for (const char* text : RandomImage::kAddresses) says[text] = identity_by_prefix(image, testing::ip(text));
  return says;
}

// What the image's sources say of each of these pods and addresses.
std::vector<bool> by_source(const image::Image& image, const image::Image& meant) {
  std::vector<bool> says;
  for (const auto& [id, endpoint] : meant.endpoints)
    for (const char* text : RandomImage::kAddresses) {
      const net::Ip ip = testing::ip(text);
      bool allowed = false;
      for (int length = 0; length <= net::address_bits(ip.family()); ++length)
        if (auto found = image.sources.find({id, *net::Cidr::of(ip, length)}); found != image.sources.end())
          allowed = found->second == SLUICE_SOURCE_ALLOWED;
      says.push_back(allowed && image.endpoints.at(id).has_sources);
    }
  return says;
}

// Those of the rule sets that some pod of the image has.
decltype(image::Image::rules) rules_of_pods(const image::Image& read, const image::Image& image) {
  std::set<image::RulesetId> had;
  for (const auto& [id, endpoint] : image.endpoints)
    image::for_each_side(endpoint, [&](const image::Side& side) { had.insert(side.ruleset); });
  decltype(image::Image::rules) rules;
  for (const auto& [key, ref] : read.rules)
    if (had.contains(key.ruleset)) rules[key] = ref;
  return rules;
}

// Prefixes may stand twice, and pods may stay on a while with their rules: what they say is what counts.
void expect_means(const image::Image& read, const image::Image& meant, const std::string& where) {
  EXPECT_EQ(read.addresses, meant.addresses) << where;
  EXPECT_EQ(by_prefix(read), by_prefix(meant)) << where;
  EXPECT_EQ(read.services, meant.services) << where;
  EXPECT_EQ(read.names, meant.names) << where;
  EXPECT_EQ(rules_of_pods(read, meant), meant.rules) << where;
  for (const auto& [id, endpoint] : meant.endpoints) {
    ASSERT_TRUE(read.endpoints.contains(id)) << where;
    EXPECT_EQ(read.endpoints.at(id).sides, endpoint.sides) << where;
    EXPECT_EQ(read.endpoints.at(id).audited, endpoint.audited) << where;
    EXPECT_EQ(read.endpoints.at(id).names, endpoint.names) << where;
    EXPECT_EQ(read.endpoints.at(id).ipv4, endpoint.ipv4) << where;
    EXPECT_EQ(read.endpoints.at(id).ipv6, endpoint.ipv6) << where;
  }
  EXPECT_EQ(by_source(read, meant), by_source(meant, meant)) << where;
}

// Of each change every write; under the sanitizers, which take ten times as long, of fewer changes.
#ifdef SLUICE_SANITIZE
constexpr uint64_t kChanges = 1;
constexpr int kChangesUnderPackets = 3;
#else
constexpr uint64_t kChanges = 6;
constexpr int kChangesUnderPackets = 6;
#endif

TEST(Interrupted, AnywhereItIsOneOfTheTwoStatesAndTheNextChangeClearsUp) {
  for (uint64_t seed = 1; seed <= kChanges; ++seed) {
    RandomImage images = RandomImage(seed).moving(seed % 2 == 0);
    const image::Image before = images.draw(), after = images.draw(), next = images.draw();
    bool died = true;
    for (int writes = 1; died; ++writes) {
      const std::string where = "seed " + std::to_string(seed) + ", write " + std::to_string(writes);
      Applied applied;
      ASSERT_TRUE(applied.put(before).ok());
      const uint64_t epoch = applied.placement.epoch();
      died = dies_after(applied, after, writes);
      const bool flipped = applied.maps.contents().config.epoch != epoch;
      ASSERT_TRUE(applied.restart().ok()) << where;
      expect_means(applied.image, flipped ? after : before, where);
      const image::Image& wanted = writes % 3 == 0 ? next : writes % 3 == 1 ? after : before;
      auto status = applied.put(wanted);
      ASSERT_TRUE(status.ok()) << where << ": " << status.error().message();
      expect_holds(applied.maps, wanted, where);
      if (HasFailure()) return;
    }
  }
}

TEST(Interrupted, AgainAndAgain) {
  RandomImage images = RandomImage(11).moving(true);
  Applied applied;
  for (int i = 1; i < 60; ++i) {
    const image::Image image = images.draw();
    dies_after(applied, image, i);
    ASSERT_TRUE(applied.restart().ok()) << i;
    if (i % 5 != 0) continue;
    ASSERT_TRUE(applied.put(image).ok()) << i;
    expect_holds(applied.maps, image, "round " + std::to_string(i));
    if (HasFailure()) return;
  }
}

// Pods that come or go have no program on their interface in one of the two states.
std::vector<uint32_t> pods_of_both(const image::Image& one, const image::Image& other) {
  std::vector<uint32_t> both;
  for (uint32_t pod = 0; pod < RandomImage::kPods; ++pod)
    if (one.endpoints.contains(RandomImage::id_of(pod)) && other.endpoints.contains(RandomImage::id_of(pod)))
      both.push_back(pod);
  return both;
}

// Verdicts on packets between these pods and every address that the images know, each as if it were the
// first.
std::vector<bool> verdicts(Maps& maps, const std::vector<uint32_t>& pods) {
  std::vector<bool> all;
  for (uint32_t pod : pods) {
    for (const char* text : RandomImage::kAddresses) {
      const net::Ip remote = testing::ip(text), own = RandomImage::address_of(pod);
      if (remote.family() != own.family()) continue;
      for (net::Protocol protocol : {net::kTcp, net::kUdp, net::kIcmp}) {
        for (unsigned number : {10u, 50u, 81u, 5000u}) {
          maps.clear_flows();
          all.push_back(maps.passes(build(opening(own, remote, protocol, testing::port(number))),
                                    RandomImage::interface_of(pod), SLUICE_EGRESS));
          all.push_back(maps.passes(build(opening(remote, own, protocol, testing::port(number))),
                                    RandomImage::interface_of(pod), SLUICE_INGRESS));
        }
      }
    }
  }
  maps.clear_events();
  return all;
}

// Every address has two names, whatever policies say of them.
void learn(Maps& maps) {
  image::BatchBuilder learnt(SLUICE_MAP_LEARNT);
  image::NameSlot slot = 0;
  for (const char* text : RandomImage::kAddresses) {
    slot = slot % RandomImage::kNames + 1;
    const std::pair<image::NameSlot, uint64_t> names[] = {{slot, ~0ULL},
                                                          {slot % RandomImage::kNames + 1, ~0ULL}};
    learnt.put(image::encode_learnt(testing::ip(text)), image::encode_names(names));
  }
  std::vector<image::Batch> batches;
  std::move(learnt).finish(batches, batches);
  for (const image::Batch& batch : batches) EXPECT_TRUE(maps.write(batch).ok());
}

TEST(Interrupted, EveryPacketSeesOneStateWhole) {
  RandomImage images = RandomImage(21);
  Applied applied;
  learn(applied.maps);
  image::Image old = images.draw();
  ASSERT_TRUE(applied.put(old).ok());
  size_t packets = 0;
  int differ = 0;
  for (int change = 0; change < kChangesUnderPackets; ++change) {
    const image::Image to = images.draw();
    Applied fresh;
    learn(fresh.maps);
    ASSERT_TRUE(fresh.put(to).ok());
    const std::vector<uint32_t> pods = pods_of_both(old, to);
    const std::vector<bool> before = verdicts(applied.maps, pods), after = verdicts(fresh.maps, pods);
    packets += before.size();
    differ += before != after;
    const uint64_t epoch = applied.placement.epoch();
    int write = 0;
    applied.maps.on_write([&] {
      ++write;
      const bool flipped = applied.maps.contents().config.epoch != epoch;
      const std::vector<bool> now = verdicts(applied.maps, pods);
      const std::vector<bool>& wanted = flipped ? after : before;
      for (size_t i = 0; i < now.size(); ++i)
        if (now[i] != wanted[i])
          ADD_FAILURE() << "change " << change << ", write " << write << ", packet " << i;
    });
    ASSERT_TRUE(applied.put(to).ok());
    applied.maps.on_write(nullptr);
    if (HasFailure()) return;
    old = to;
  }
  EXPECT_GT(packets, 1000U) << "the images have too few pods to show anything";
  EXPECT_GT(differ, kChangesUnderPackets / 2) << "the changes change nothing";
}

}  // namespace
}  // namespace sluice::packet
