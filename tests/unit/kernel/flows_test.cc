// Flows from outside the programs: written as open and answered, and forgotten by endpoint.
#include "agent/kernel/flows.h"

#include <gmock/gmock.h>

#include <optional>
#include <vector>

#include "agent/kernel/maps.h"
#include "tests/unit/kernel/world.h"

namespace sluice::kernel::testing {
namespace {

class Flows : public KernelTest {};

OpenFlow flow(uint32_t endpoint, const char* remote, uint16_t remote_port) {
  return {endpoint, net::Ip::parse(remote).value(), net::Port::from_host(443),
          net::Port::from_host(remote_port), SLUICE_EGRESS};
}

std::vector<sluice_flow_edit> flows(const Programs& programs) {
  std::vector<sluice_flow_edit> all;
  EXPECT_TRUE(for_each_flow(programs, [&all](const sluice_flow_edit& flow) { all.push_back(flow); }).ok());
  return all;
}

int64_t held(const Programs& programs, uint32_t endpoint, sluice_flow_class of) {
  return must(read_flow_counts(programs, endpoint)).held[of];
}

TEST_F(Flows, AreWrittenToBeJudgedAndForgottenByEndpoint) {
  const Programs& programs = shared_private();
  ASSERT_TRUE(put_flows(programs, {flow(5, "192.0.2.1", 1), flow(5, "192.0.2.2", 2), flow(6, "192.0.2.1", 1),
                                   flow(5, "2001:db8::1", 1), flow(6, "2001:db8::1", 1)})
                  .ok());
  ASSERT_EQ(flows(programs).size(), 5u);
  const sluice_flow_edit one = flows(programs)[0];
  EXPECT_EQ(one.epoch, 0u) << "judged at its next packet";
  EXPECT_EQ(one.bits, SLUICE_FLOW_BY_POD | SLUICE_FLOW_REPLIED | SLUICE_FLOW_ANSWERED);
  EXPECT_EQ(one.family, 4);
  EXPECT_EQ(held(programs, 5, SLUICE_FLOWS_ANSWERED), 3);
  EXPECT_EQ(held(programs, 5, SLUICE_FLOWS_UNANSWERED), 0);
  const FlowFacts facts = must(read_flow_facts(programs));
  EXPECT_EQ(facts.ipv4.held[SLUICE_FLOWS_ANSWERED], 3u);
  EXPECT_EQ(facts.ipv6.held[SLUICE_FLOWS_ANSWERED], 2u);
  EXPECT_NEAR(facts.ipv4.oldest, 60, 2) << "taken for a minute old";

  EXPECT_EQ(must(forget_flows(programs, {5, 9})), 3u);
  EXPECT_EQ(flows(programs).size(), 2u);
  EXPECT_EQ(held(programs, 5, SLUICE_FLOWS_ANSWERED), 0);
  EXPECT_EQ(must(forget_flows(programs, {6})), 2u);
  EXPECT_EQ(must(forget_flows(programs, {})), 0u);
}

TEST_F(Flows, WhatIsThereIsNotWrittenOver) {
  const Programs& programs = shared_private();
  ASSERT_TRUE(put_flows(programs, {flow(5, "192.0.2.1", 1)}).ok());
  sluice_flow_edit again = flows(programs).at(0);
  again.bits = SLUICE_FLOW_BY_POD;
  ASSERT_TRUE(edit_flow(programs, again).ok());
  ASSERT_EQ(flows(programs).size(), 1u);
  EXPECT_EQ(flows(programs)[0].bits, SLUICE_FLOW_BY_POD | SLUICE_FLOW_REPLIED | SLUICE_FLOW_ANSWERED);
  EXPECT_EQ(must(forget_flows(programs, {5})), 1u);
}

LoadOptions pinned_for(std::optional<uint32_t> flows) {
  LoadOptions options = small_pinned();
  options.max_entries.erase(SLUICE_MAP_FLOWS4);
  options.max_entries.erase(SLUICE_MAP_FLOWS6);
  options.flows = flows;
  return options;
}

TEST_F(Flows, AreKeptWhereTheTablesGetAnotherSize) {
  std::vector<OpenFlow> open;
  for (uint16_t port = 1; port <= 200; ++port) {
    open.push_back(flow(5, "192.0.2.1", port));
    open.push_back(flow(6, "2001:db8::1", port));
  }
  {
    const Programs programs = must(load(pinned_for(2048)));
    const KernelMaps maps = must(KernelMaps::open(programs));
    EXPECT_EQ(programs.flows(), 2048u);
    EXPECT_OK(put_flows(programs, open));
  }
  for (const uint32_t size : {8192u, 1024u}) {
    Programs programs = must(load(pinned_for(size)));
    EXPECT_EQ(programs.flows(), size);
    EXPECT_EQ(flows(programs).size(), open.size());
    EXPECT_OK(programs.take_over_flows());
    EXPECT_EQ(held(programs, 5, SLUICE_FLOWS_ANSWERED), 200);
    EXPECT_EQ(held(programs, 6, SLUICE_FLOWS_ANSWERED), 200);
  }
  const Programs again = must(load(pinned_for(std::nullopt)));
  EXPECT_EQ(again.flows(), 1024u) << "as they are pinned";
  EXPECT_EQ(flows(again).size(), open.size());
}

// Programs that no agent has exchanged yet still write to the former tables.
TEST_F(Flows, ThatCameUpInAFormerTableMeanwhileFollow) {
  {
    const Programs programs = must(load(pinned_for(2048)));
    const KernelMaps maps = must(KernelMaps::open(programs));
    EXPECT_OK(put_flows(programs, {flow(5, "192.0.2.1", 1)}));
  }
  LoadOptions look = pinned_for(std::nullopt);
  look.look_only = true;
  const Programs former = must(load(look));
  Programs programs = must(load(pinned_for(4096)));
  EXPECT_OK(put_flows(former, {flow(5, "192.0.2.1", 2)}));
  EXPECT_EQ(flows(programs).size(), 1u);
  EXPECT_OK(programs.take_over_flows());
  EXPECT_EQ(flows(programs).size(), 2u);
  EXPECT_EQ(held(programs, 5, SLUICE_FLOWS_ANSWERED), 2);
}

// An agent that dies between the copy and the end of it has counted nothing twice.
TEST_F(Flows, AreCountedOnceThoughTheyStandInTwoTables) {
  {
    const Programs programs = must(load(pinned_for(2048)));
    const KernelMaps maps = must(KernelMaps::open(programs));
    EXPECT_OK(put_flows(programs, {flow(5, "192.0.2.1", 1), flow(5, "192.0.2.1", 2)}));
  }
  const Programs programs = must(load(pinned_for(4096)));
  EXPECT_EQ(flows(programs).size(), 2u);
  EXPECT_EQ(held(programs, 5, SLUICE_FLOWS_ANSWERED), 2);
}

}  // namespace
}  // namespace sluice::kernel::testing
