// The flow tables at the size that they are made for, and the seed that says where a key stands.
#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "agent/kernel/flows.h"
#include "agent/kernel/hz.h"
#include "agent/kernel/maps.h"
#include "tests/kernel/numbered_flow.h"
#include "tests/unit/kernel/world.h"

namespace sluice::kernel::testing {
namespace {

using ::testing::Each;
using ::testing::Ne;

class FlowTables : public KernelTest {};

constexpr uint32_t kMostLost = 16;

void add(const Programs& programs, uint8_t family, uint32_t count) {
  // A moment ago: the clock that is read here may be ahead of the programs' own.
  const uint32_t seen = must(jiffies_now()) - must(jiffies_per_second());
  constexpr uint8_t kAnswered = SLUICE_FLOW_REPLIED | SLUICE_FLOW_ANSWERED;
  for (uint32_t i = 0; i < count; ++i)
    ASSERT_TRUE(edit_flow(programs, sluice::testing::numbered_flow(family, i, kAnswered, seen)).ok());
}

TEST_F(FlowTables, AtFourFifthsOfTheirFlowsHaveAPlaceForNearlyEach) {
  LoadOptions options;
  options.flows = SLUICE_LEAST_FLOWS;
  const Programs programs = must(load(options));
  must(KernelMaps::open(programs));  // draws the seed
  constexpr uint32_t kIpv4 = SLUICE_LEAST_FLOWS / 5 * 4, kIpv6 = kIpv4 / 2;
  for (int pass = 0; pass < 2; ++pass) {  // what is found is not added again
    add(programs, 4, kIpv4);
    add(programs, 6, kIpv6);
  }
  const FlowFacts facts = must(read_flow_facts(programs));
  EXPECT_EQ(facts.ipv4.capacity, SLUICE_LEAST_FLOWS);
  EXPECT_EQ(facts.ipv6.capacity, SLUICE_LEAST_FLOWS / 2);
  const sluice_flow_counts node = must(read_flow_counts(programs, SLUICE_NO_ENDPOINT));
  const uint64_t lost = node.refused + node.displaced[SLUICE_FLOWS_ANSWERED];
  EXPECT_LE(lost, kMostLost) << "of many seeds the worst lost two";
  EXPECT_GE(facts.ipv4.held[SLUICE_FLOWS_ANSWERED] + facts.ipv6.held[SLUICE_FLOWS_ANSWERED] + lost,
            kIpv4 + kIpv6);
}

std::vector<uint32_t> seed_of(const Programs& programs) {
  const sluice_config config = must(KernelMaps::open(programs)).config();
  return {std::begin(config.flow_seed), std::end(config.flow_seed)};
}

TEST_F(FlowTables, HaveASeedOfTheirOwnForAsLongAsTheyStand) {
  const auto one = seed_of(must(load(small_private()))), other = seed_of(must(load(small_private())));
  EXPECT_THAT(one, Each(Ne(0u)));
  EXPECT_THAT(other, Each(Ne(0u)));
  for (size_t i = 0; i < one.size(); ++i) EXPECT_NE(one[i], other[i]) << "word " << i;
  const auto pinned = seed_of(must(load(small_pinned())));
  EXPECT_EQ(seed_of(must(load(small_pinned()))), pinned) << "a restart finds the flows again";
}

}  // namespace
}  // namespace sluice::kernel::testing
