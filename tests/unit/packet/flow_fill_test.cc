// The flow tables at four fifths of the flows that they are made for: each has found a place, and gave way to none.
#include <gtest/gtest.h>

#include "agent/packet/maps.h"
#include "tests/kernel/numbered_flow.h"

namespace sluice::packet {
namespace {

void add(Maps& maps, uint8_t family, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) maps.edit(testing::numbered_flow(family, i, 0, 0));
}

TEST(FlowFill, AtFourFifthsEachHasAPlace) {
  Maps maps;
  constexpr uint32_t kIpv4 = SLUICE_LEAST_FLOWS / 5 * 4, kIpv6 = kIpv4 / 2;
  for (int pass = 0; pass < 2; ++pass) {  // what is found is not added again
    add(maps, 4, kIpv4);
    add(maps, 6, kIpv6);
  }
  EXPECT_EQ(maps.flows().size(), size_t{kIpv4} + kIpv6);
  const uint32_t node = SLUICE_NO_ENDPOINT;
  const auto& counts = *static_cast<const sluice_flow_counts*>(maps.lookup(SLUICE_MAP_FLOW_COUNTS, &node));
  EXPECT_EQ(counts.refused, 0u);
  EXPECT_EQ(counts.displaced[SLUICE_FLOWS_UNANSWERED] + counts.displaced[SLUICE_FLOWS_ANSWERED], 0u);
}

}  // namespace
}  // namespace sluice::packet
