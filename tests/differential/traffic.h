// Traffic: what passes one pod's interface, drawn step by step as somebody does who knows the protocols: connections
// that open, are answered, end, are guessed at; their fragments, errors about them, headers that are too long or wrong;
// policies that change, half-way too, and time that passes.
//
// Law: a seed gives the same traffic on every machine. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/packet/build.h"
#include "tests/kernel/world.h"

namespace sluice::differential {

// One packet, or what happens between two.
struct TrafficStep {
  std::string aloud;
  packet::Bytes frame;  // empty: no packet
  sluice_direction hook = SLUICE_INGRESS;
  std::optional<testing::World> world{};  // comes into force
  bool half_way = false;                  // of `world`: it is written, and in force with the next `flip`
  bool flip = false;
  uint32_t seconds = 0;  // pass
  std::optional<uint64_t> flags{};
  std::optional<bool> observed{};
};
using Traffic = std::vector<TrafficStep>;

Traffic draw_traffic(uint64_t seed, size_t steps);
// A line a step, frames in hexadecimal digits.
std::string to_text(const Traffic& traffic);

}  // namespace sluice::differential
