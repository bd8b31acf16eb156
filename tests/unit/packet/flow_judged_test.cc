// What a flow's judged word says, beside a state word of another connection on the same tuple: as a packet meets them
// while one is being opened, and where both ends opened it in the moment of a flip.
#include <gtest/gtest.h>

#include <string>

#include "agent/packet/maps.h"
#include "tests/kernel/numbered_flow.h"

namespace sluice::packet {
namespace {

// Turns who opened the connection that was judged, in the one entry of these tables.
template <typename Buckets>
int turn_opener(Maps& maps, sluice_map map, uint32_t buckets) {
  int turned = 0;
  for (uint32_t index = 0; index < buckets; ++index) {
    auto* bucket = static_cast<Buckets*>(maps.lookup(map, &index));
    for (size_t way = 0; bucket != nullptr && way < SLUICE_FLOW_WAYS; ++way) {
      if (bucket->state[way] == 0) continue;
      bucket->way[way].judged ^= uint64_t{SLUICE_FLOW_BY_POD} << 32;
      ++turned;
    }
  }
  return turned;
}

TEST(FlowJudged, OfAConnectionThatTheOtherEndOpenedIsNotThisOnes) {
  for (const uint8_t family : {uint8_t{4}, uint8_t{6}})
    for (const uint8_t bits : {uint8_t{0}, uint8_t{SLUICE_FLOW_BY_POD}}) {
      SCOPED_TRACE("IPv" + std::to_string(family) + ", bits " + std::to_string(bits));
      Maps maps;
      sluice_flow_edit flow = testing::numbered_flow(family, 1, bits, 0);
      flow.epoch = 7;
      flow.name = 3;
      maps.edit(flow);
      const auto expect = [&](bool is_found, uint32_t epoch, uint32_t name) {
        sluice_flow_edit found = testing::numbered_flow(family, 1, 0, 0);
        sluice_user_ctx ctx = maps.context(0);
        ASSERT_EQ(sluice_user_find_flow(&ctx, &found), is_found);
        if (is_found) {
          EXPECT_EQ(found.bits, bits);
          EXPECT_EQ(found.epoch, epoch);
          EXPECT_EQ(found.name, name);
        }
        // As it goes into tables of another size.
        ASSERT_EQ(maps.flows().size(), 1u);
        const sluice_flow_edit dumped = maps.flows().front();
        EXPECT_EQ(dumped.bits, bits);
        EXPECT_EQ(dumped.epoch, epoch);
        EXPECT_EQ(dumped.name, name);
      };
      expect(true, 7, 3);
      const auto turn = [&] {
        return family == 4 ? turn_opener<sluice_flows4>(maps, SLUICE_MAP_FLOWS4,
                                                        SLUICE_FLOW_BUCKETS4(SLUICE_LEAST_FLOWS))
                           : turn_opener<sluice_flows6>(maps, SLUICE_MAP_FLOWS6,
                                                        SLUICE_FLOW_BUCKETS6(SLUICE_LEAST_FLOWS));
      };
      EXPECT_EQ(turn(), 1);
      expect(false, 0, 0);
      EXPECT_EQ(turn(), 1);
      expect(true, 7, 3);
    }
}

}  // namespace
}  // namespace sluice::packet
