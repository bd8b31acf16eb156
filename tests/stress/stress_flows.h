// The flows of the stress: of a numbered one everything is known by its number, so that whoever finds it sees at
// once whether the entry holds another's state. Pure; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "agent/packet/build.h"
#include "tests/stress/flow_tables.h"

namespace sluice::testing {

inline constexpr uint32_t kNumberedFlows = 400;    // several for each entry
inline constexpr uint32_t kNumberedEndpoints = 8;  // 1 to 8; 9 and more are those of packets

sluice_flow_edit numbered_flow(uint32_t number);
// Is it the flow that it says that it is?
bool is_sound(const sluice_flow_edit& flow);

// A connection of a pod and everything that may be sent in it, in whatever order.
struct Conversation {
  uint32_t endpoint = 0;
  struct Part {
    sluice_direction direction;
    packet::Bytes frame;
  };
  std::vector<Part> parts;
};
inline constexpr uint32_t kFirstTalker = kNumberedEndpoints + 1, kTalkers = 4;
void add_talkers(FlowTables& tables);
std::vector<Conversation> conversations();

}  // namespace sluice::testing
