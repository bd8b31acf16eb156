// The maps as a Target: what is written is what programs obey and what is read back; a full map says so.
#include "agent/kernel/maps.h"

#include <gmock/gmock.h>

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "agent/kernel/counters.h"
#include "agent/kernel/events.h"
#include "agent/kernel/hz.h"
#include "agent/kernel/pins.h"
#include "agent/kernel/test_run.h"
#include "tests/unit/kernel/world.h"

namespace sluice::kernel::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kPass = -1, kDrop = 2;
constexpr uint32_t kLoopback = 1;
constexpr uint64_t kRuleset = 7, kIdentity = 9, kPod = 77;

class Maps : public KernelTest {};

template <typename Key>
void add(image::Batch& batch, const Key& key) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&key);
  batch.keys.insert(batch.keys.end(), bytes, bytes + sizeof key);
  ++batch.count;
}

template <typename Key, typename Value>
void add(image::Batch& batch, const Key& key, const Value& value) {
  add(batch, key);
  const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
  batch.values.insert(batch.values.end(), bytes, bytes + sizeof value);
}

template <typename... KeyAndValue>
image::Batch one(sluice_map map, const KeyAndValue&... key_and_value) {
  image::Batch batch;
  batch.map = map;
  batch.removal = sizeof...(key_and_value) == 1;
  add(batch, key_and_value...);
  return batch;
}

image::Batch rules(uint64_t first, uint64_t count, bool removal = false) {
  image::Batch batch;
  batch.map = SLUICE_MAP_RULES;
  batch.removal = removal;
  for (uint64_t i = 0; i < count; ++i) {
    const sluice_rule rule{first + i, kIdentity};
    removal ? add(batch, rule) : add(batch, rule, sluice_cell{2, 0, SLUICE_REF(SLUICE_REF_ALL, 0)});
  }
  return batch;
}

image::EndpointWrite pod_write(uint64_t since, int slot = 0, uint64_t pod = kPod) {
  image::EndpointWrite write;
  write.index = 3;
  write.slot = slot;
  write.value.id = 5;
  write.value.pod = pod;
  for (auto& policy : write.value.policy) {
    policy.since = since;
    policy.address4 = ::inet_addr("10.0.0.1");
    policy.side[SLUICE_EGRESS] = {kRuleset, 0};
  }
  return write;
}

// 10.0.0.1 on lo may open TCP 80 to 10.0.0.2, from epoch 2 on.
void write_web_policy(KernelMaps& maps) {
  sluice_port_page page{};
  page.bits[80 / 64] |= 1ULL << (80 % 64);
  sluice_port_table table{};
  table.page[0] = SLUICE_PORTS_FIRST_FREE;
  sluice_portset portset{};
  portset.table[0] = SLUICE_PORTS_FIRST_FREE;
  const uint32_t index = SLUICE_PORTS_FIRST_FREE, set = 1;
  EXPECT_OK(maps.write(one(SLUICE_MAP_PORT_PAGES, index, page)));
  EXPECT_OK(maps.write(one(SLUICE_MAP_PORT_TABLES, index, table)));
  EXPECT_OK(maps.write(one(SLUICE_MAP_PORTSETS, set, portset)));
  EXPECT_OK(maps.write(one(SLUICE_MAP_ADDRESSES4, sluice_address4{::inet_addr("10.0.0.2")},
                           sluice_cell{2, SLUICE_IDENTITY_NONE, kIdentity})));
  EXPECT_OK(maps.write(one(SLUICE_MAP_RULES, sluice_rule{kRuleset, kIdentity},
                           sluice_cell{2, 0, SLUICE_REF(SLUICE_REF_PORTS, 1)})));
  EXPECT_OK(maps.store(pod_write(2)));
  EXPECT_OK(maps.store(image::InterfaceWrite{kLoopback, 3}));
}

int verdict(const Programs& programs, uint16_t port) {
  const auto packet = syn(SLUICE_EGRESS, port);
  const TestRun result = must(test_run(programs, SLUICE_EGRESS, packet));
  EXPECT_TRUE(result.unchanged);
  return result.verdict;
}

TEST(Hz, IsOneOfTheKernels) {
  const uint32_t hz = must(jiffies_per_second());
  EXPECT_THAT((std::vector<uint32_t>{100, 250, 300, 1000}), ::testing::Contains(hz));
}

TEST_F(Maps, NewOnesHoldWhatReadersRelyOn) {
  const Programs programs = must(load(small_private()));
  KernelMaps maps = must(KernelMaps::open(programs));
  const auto contents = must(maps.read());
  EXPECT_EQ(contents.config.epoch, 1U);
  ASSERT_EQ(contents.endpoints.size(), 16U);
  EXPECT_EQ(contents.endpoints[15].policy[1].since, SLUICE_NEVER);
  ASSERT_EQ(contents.port_pages.size(), 2U);
  EXPECT_EQ(contents.port_pages[SLUICE_PORTS_NONE].bits[0], 0U);
  EXPECT_EQ(contents.port_pages[SLUICE_PORTS_ALL].bits[15], ~0ULL);
  EXPECT_EQ(contents.port_tables[SLUICE_PORTS_ALL].page[63], SLUICE_PORTS_ALL);
}

TEST_F(Maps, ProgramsObeyThemFromTheFlipOn) {
  const Programs programs = must(load(small_private()));
  KernelMaps maps = must(KernelMaps::open(programs));
  EXPECT_EQ(verdict(programs, 80), kDrop) << "a pod that is not known";
  write_web_policy(maps);
  EXPECT_EQ(verdict(programs, 80), kDrop) << "before the flip";
  EXPECT_OK(maps.flip(2, 6));
  EXPECT_OK(maps.wait_grace());
  EXPECT_EQ(verdict(programs, 80), kPass);
  EXPECT_EQ(verdict(programs, 81), kDrop);
  EXPECT_EQ(maps.config().next_endpoint_id, 6U);
}

TEST_F(Maps, AgentFlagsAndPrefixFlagsDoNotTouchEachOther) {
  const Programs& programs = shared_private();
  KernelMaps maps = must(KernelMaps::open(programs));
  EXPECT_OK(maps.set_agent_flags(SLUICE_CONFIG_PERMISSIVE));
  EXPECT_OK(maps.set_prefix_flags(SLUICE_CONFIG_PREFIXES4 | SLUICE_CONFIG_AUDIT));
  EXPECT_EQ(maps.config().flags, SLUICE_CONFIG_PERMISSIVE | SLUICE_CONFIG_PREFIXES4);
  EXPECT_EQ(verdict(programs, 80), kPass) << "permissive, and the pod is not known";
  EXPECT_OK(maps.set_agent_flags(0));
  EXPECT_EQ(maps.config().flags, static_cast<uint64_t>(SLUICE_CONFIG_PREFIXES4));
  EXPECT_OK(maps.set_prefix_flags(0));
}

TEST_F(Maps, ReadBackIsWhatWasWritten) {
  const Programs programs = must(load(small_private()));
  KernelMaps maps = must(KernelMaps::open(programs));
  write_web_policy(maps);
  EXPECT_OK(maps.write(rules(100, 5)));
  sluice_prefix4 prefix{8, ::inet_addr("10.0.0.0")};
  EXPECT_OK(maps.write(one(SLUICE_MAP_PREFIXES4, prefix, sluice_cell{2, 0, 4})));
  const auto contents = must(maps.read());
  ASSERT_EQ(contents.rules.size(), 6U);
  EXPECT_EQ(contents.rules[0].first.ruleset, kRuleset);
  EXPECT_EQ(contents.rules[5].first.ruleset, 104U);
  ASSERT_EQ(contents.prefixes4.size(), 1U);
  EXPECT_EQ(contents.prefixes4[0].first.length, 8U);
  EXPECT_EQ(contents.prefixes4[0].second.now, 4U);
  ASSERT_EQ(contents.addresses4.size(), 1U);
  EXPECT_EQ(contents.addresses4[0].second.now, kIdentity);
  EXPECT_THAT(contents.interfaces, ::testing::ElementsAre(std::pair(kLoopback, 3U)));
  EXPECT_EQ(contents.endpoints[3].pod, kPod);
  EXPECT_EQ(contents.portsets.size(), 2U);
}

TEST_F(Maps, RemovalOfWhatIsNotThereIsNoError) {
  const Programs& programs = shared_private();
  KernelMaps maps = must(KernelMaps::open(programs));
  EXPECT_OK(maps.write(rules(102, 3)));
  EXPECT_OK(maps.write(rules(100, 8, true)));
  sluice_prefix4 prefix{8, ::inet_addr("10.0.0.0")};
  EXPECT_OK(maps.write(one(SLUICE_MAP_PREFIXES4, prefix)));
  EXPECT_THAT(must(maps.read()).rules, IsEmpty());
}

TEST_F(Maps, AFullOneSaysWhichAndItsLimit) {
  const Programs& programs = shared_private();
  KernelMaps maps = must(KernelMaps::open(programs));
  const auto full = maps.write(rules(0, 9));
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code(), ENOSPC);
  EXPECT_THAT(full.error().message(), HasSubstr("map rules: full, its limit is 8 entries"));
  EXPECT_OK(maps.write(rules(0, 9, true)));

  image::Batch prefixes;
  prefixes.map = SLUICE_MAP_PREFIXES4;
  for (uint32_t i = 0; i < 5; ++i) add(prefixes, sluice_prefix4{32, htonl(i)}, sluice_cell{2, 0, 4});
  const auto trie = maps.write(prefixes);
  ASSERT_FALSE(trie.ok());
  EXPECT_THAT(trie.error().message(), HasSubstr("map prefixes4: full, its limit is 4 entries"));
  prefixes.removal = true;
  prefixes.values.clear();
  EXPECT_OK(maps.write(prefixes));

  auto pod = pod_write(2);
  pod.index = 16;
  const auto endpoint = maps.store(pod);
  ASSERT_FALSE(endpoint.ok());
  EXPECT_THAT(endpoint.error().message(), HasSubstr("map endpoints: entry 16 does not fit"));
}

TEST_F(Maps, ABatchOfTheWrongSizeIsRefused) {
  const Programs& programs = shared_private();
  KernelMaps maps = must(KernelMaps::open(programs));
  image::Batch batch = rules(0, 2);
  batch.values.pop_back();
  EXPECT_FALSE(maps.write(batch).ok());
  EXPECT_FALSE(maps.write(one(SLUICE_MAP_FLOWS4, uint32_t{0}, sluice_flows4{})).ok());
}

TEST_F(Maps, InterfacesThatShareASlotAreBothFound) {
  const Programs& programs = shared_private();
  KernelMaps maps = must(KernelMaps::open(programs));
  const uint32_t first = 40, second = 40 + SLUICE_INTERFACE_SLOTS;
  using Pairs = image::Table<uint32_t, uint32_t>;
  EXPECT_OK(maps.store(image::InterfaceWrite{first, 1}));
  EXPECT_OK(maps.store(image::InterfaceWrite{second, 2}));
  EXPECT_EQ(must(maps.read()).interfaces, (Pairs{{first, 1}, {second, 2}}));
  EXPECT_OK(maps.store(image::InterfaceWrite{first, -1}));
  EXPECT_EQ(must(maps.read()).interfaces, (Pairs{{second, 2}}));
  EXPECT_OK(maps.store(image::InterfaceWrite{second, 4}));
  EXPECT_EQ(must(maps.read()).interfaces, (Pairs{{second, 4}}));
  EXPECT_OK(maps.store(image::InterfaceWrite{second, -1}));
  EXPECT_THAT(must(maps.read()).interfaces, IsEmpty());
}

TEST_F(Maps, AnEntryThatChangesHandsForgetsThePodBefore) {
  const Programs programs = must(load(small_private()));
  KernelMaps maps = must(KernelMaps::open(programs));
  write_web_policy(maps);
  EXPECT_OK(maps.flip(2, 6));
  EXPECT_EQ(verdict(programs, 81), kDrop);
  EXPECT_EQ(must(read_stats(programs, 3)).denied_packets[SLUICE_EGRESS], 1U);
  EXPECT_OK(maps.store(pod_write(3, 1, kPod + 1)));
  const auto contents = must(maps.read());
  EXPECT_EQ(contents.endpoints[3].policy[0].since, SLUICE_NEVER);
  EXPECT_EQ(contents.endpoints[3].policy[1].since, 3U);
  EXPECT_EQ(must(read_stats(programs, 3)).denied_packets[SLUICE_EGRESS], 0U);
}

TEST_F(Maps, DropsAreCountedAndReported) {
  const Programs programs = must(load(small_private()));
  KernelMaps maps = must(KernelMaps::open(programs));
  Events events = must(Events::open(programs));
  write_web_policy(maps);
  EXPECT_OK(maps.flip(2, 6));
  for (uint16_t port = 81; port < 84; ++port) EXPECT_EQ(verdict(programs, port), kDrop);
  EXPECT_EQ(must(read_counters(programs))[SLUICE_DENIED_NO_RULE][SLUICE_EGRESS].packets, 3U);

  std::vector<uint16_t> ports;
  const auto note = [&](const sluice_event& event) {
    EXPECT_EQ(event.pod, kPod);
    EXPECT_EQ(event.reason, SLUICE_DENIED_NO_RULE);
    ports.push_back(ntohs(event.remote_port));
  };
  EXPECT_EQ(must(events.consume(2, note)), 2U) << "bounded";
  EXPECT_EQ(must(events.consume(10, note)), 1U);
  EXPECT_EQ(must(events.consume(10, note)), 0U);
  EXPECT_THAT(ports, ::testing::ElementsAre(81, 82, 83));
}

TEST_F(Maps, ATestRunRepeats) {
  const Programs& programs = shared_private();
  const auto denied = [&] {
    return must(read_counters(programs))[SLUICE_DENIED_NOT_READY][SLUICE_INGRESS].packets;
  };
  const uint64_t before = denied();
  const auto packet = syn(SLUICE_INGRESS, 80);
  const TestRun result = must(test_run(programs, SLUICE_INGRESS, packet, {kLoopback, 1000}));
  EXPECT_EQ(result.verdict, kDrop);
  EXPECT_EQ(denied(), before + 1000);
}

TEST_F(Maps, SaysWhatMemoryTheyTake) {
  const MapHandle stats = shared_private().map(SLUICE_MAP_STATS);
  const auto bytes = memory_of(stats.fd);
  ASSERT_TRUE(bytes);
  EXPECT_GE(*bytes, uint64_t{stats.entries} * sizeof(sluice_endpoint_stats));
  EXPECT_FALSE(memory_of(-1));
}

TEST(MapKinds, EachMapHasAWord) {
  for (const MapShape& shape : kMapShapes) EXPECT_NE(kind_text(shape.type), "?") << shape.name;
  EXPECT_EQ(kind_text(kMapShapes[SLUICE_MAP_FRAGMENTS].type), "lru_hash");
  EXPECT_EQ(kind_text(kMapShapes[SLUICE_MAP_RULES].type), "table");
}

}  // namespace
}  // namespace sluice::kernel::testing
