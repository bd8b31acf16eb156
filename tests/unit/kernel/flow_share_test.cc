// LoadOptions::flow_share: what a pod is sure of without a share of its own.
#include <gtest/gtest.h>

#include "agent/kernel/flows.h"
#include "agent/kernel/hz.h"
#include "tests/unit/kernel/world.h"

namespace sluice::kernel::testing {
namespace {

class FlowShare : public KernelTest {};

constexpr uint32_t kFirst = 5, kSecond = 6;

void open_connections(const Programs& programs, uint32_t endpoint, uint32_t count) {
  sluice_flow_edit edit{};
  edit.endpoint = endpoint;
  edit.seen = must(jiffies_now()) - must(jiffies_per_second());  // what seems to be of the future is vacant
  edit.family = 4;
  edit.protocol = 6;
  edit.bits = SLUICE_FLOW_REPLIED | SLUICE_FLOW_ANSWERED;
  edit.kind = SLUICE_FLOW_ADD;
  for (uint32_t i = 0; i < count; ++i) {
    edit.remote[0] = i;
    EXPECT_OK(edit_flow(programs, edit));
  }
}

// How many connections a second pod gets where a first one has filled the table with answered ones.
int64_t left_for_another(const Programs& programs) {
  const uint32_t entries = programs.flows() * 2;
  open_connections(programs, kFirst, entries * 4);
  open_connections(programs, kSecond, 1);
  const auto held = must(read_flow_counts(programs, kSecond)).held[SLUICE_FLOWS_ANSWERED];
  EXPECT_OK(forget_all_flows(programs));
  return held;
}

TEST_F(FlowShare, IsATenthUnlessTheOptionSays) {
  auto options = small_private();
  EXPECT_EQ(left_for_another(must(load(options))), 1);
  options.flow_share = SLUICE_MOST_FLOWS;
  EXPECT_EQ(left_for_another(must(load(options))), 0) << "the first pod is within its share";
}

}  // namespace
}  // namespace sluice::kernel::testing
