// Flows by number: as many as a test wants, of a hundred pods, each with a key of its own.
#pragma once

#include <cstdint>

#include "sluice/layout.h"

namespace sluice::testing {

inline constexpr uint32_t kNumberedPods = 100;

// What adds the flow. `seen` by the clock of the tables.
inline sluice_flow_edit numbered_flow(uint8_t family, uint32_t number, uint8_t bits, uint32_t seen) {
  sluice_flow_edit flow{};
  flow.remote[family == 4 ? 0 : 3] = number / kNumberedPods;
  flow.endpoint = 1 + number % kNumberedPods;
  flow.ports = 443;
  flow.seen = seen;
  flow.family = family;
  flow.protocol = 6;
  flow.bits = bits;
  flow.kind = SLUICE_FLOW_ADD;
  return flow;
}

}  // namespace sluice::testing
