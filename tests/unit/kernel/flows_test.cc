// Flows from outside the programs: written as open and answered, and forgotten by endpoint.
#include "agent/kernel/flows.h"

#include <gmock/gmock.h>

#include <cstring>

#include "agent/kernel/entries.h"
#include "agent/kernel/hz.h"
#include "tests/unit/kernel/world.h"

namespace sluice::kernel::testing {
namespace {

class Flows : public KernelTest {};

OpenFlow flow(uint32_t endpoint, const char* remote, uint16_t remote_port) {
  return {endpoint, net::Ip::parse(remote).value(), net::Port::from_host(443),
          net::Port::from_host(remote_port), SLUICE_EGRESS};
}

uint32_t count(const Programs& programs, sluice_map map) {
  return must(get_entries(programs.map(map))).count;
}

TEST_F(Flows, AreWrittenToBeJudgedAndForgottenByEndpoint) {
  const Programs& programs = shared_private();
  ASSERT_TRUE(
      put_flows(programs, {flow(65, "192.0.2.1", 1), flow(65, "192.0.2.2", 2), flow(66, "192.0.2.1", 1),
                           flow(65, "2001:db8::1", 1), flow(66, "2001:db8::1", 1)})
          .ok());
  const Entries entries = must(get_entries(programs.map(SLUICE_MAP_FLOWS4)));
  ASSERT_EQ(entries.count, 3u);
  EXPECT_EQ(count(programs, SLUICE_MAP_FLOWS6), 2u);
  sluice_flow value{};
  std::memcpy(&value, entries.values.data(), sizeof value);
  EXPECT_EQ(value.epoch, 0u) << "judged at its next packet";
  EXPECT_EQ(value.opener, SLUICE_EGRESS);
  EXPECT_EQ(value.state, SLUICE_FLOW_ANSWERED);
  EXPECT_EQ(must(forget_flows(programs, {65, 99})), 3u);
  EXPECT_EQ(count(programs, SLUICE_MAP_FLOWS4), 1u);
  EXPECT_EQ(count(programs, SLUICE_MAP_FLOWS6), 1u);
  EXPECT_EQ(must(forget_flows(programs, {66})), 2u);
  EXPECT_EQ(must(forget_flows(programs, {})), 0u);
}

}  // namespace
}  // namespace sluice::kernel::testing
