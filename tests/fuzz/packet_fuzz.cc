// Any bytes as a frame, through the very code that the kernel runs. The first byte says which way and to
// which pod; the rest is the frame. Laws: every packet is counted once, for a reason that fits its verdict; a
// pod that nothing isolates gets everything, and sends everything that comes from an address of its own; a
// pod that is isolated without a rule talks to its node, itself and its link, and to nobody else; the short
// way to parse says what the whole one says.
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "agent/image/placement.h"
#include "agent/packet/maps.h"
#include "tests/fuzz/both_parsers.h"
#include "tests/fuzz/law.h"
#include "tests/kernel/frames.h"

namespace {

using namespace sluice;
using fuzz::require;

enum class Pod { kOpen, kClosed, kRules };

image::Image world_of(Pod pod) {
  if (pod == Pod::kRules) return testing::fixed_world().image();
  testing::World world(testing::kPod4);
  world.dual_stack(testing::kPod6);
  if (pod == Pod::kClosed) world.isolate(SLUICE_INGRESS).isolate(SLUICE_EGRESS);
  world.address(testing::kNode4, {{}, true, false}).address(testing::kNode6, {{}, true, false});
  return world.image();
}

packet::Maps& maps_of(Pod pod) {
  static std::array<packet::Maps, 3> all;
  static const bool ready = [] {
    for (Pod each : {Pod::kOpen, Pod::kClosed, Pod::kRules}) {
      image::Placement placement;
      const image::Image image = world_of(each);
      auto plan = placement.plan(image, image::difference({}, image));
      require(plan.ok() && image::put_in_force(*plan, all[static_cast<size_t>(each)]).ok());
    }
    return true;
  }();
  require(ready);
  return all[static_cast<size_t>(pod)];
}

struct Counted {
  uint64_t packets = 0;
  uint8_t reason = SLUICE_REASON_COUNT;
};

// Takes what the counters of this direction hold, and sets them back.
Counted take_counters(packet::Maps& maps, sluice_direction direction) {
  Counted counted;
  for (uint8_t reason = 0; reason < SLUICE_REASON_COUNT; ++reason) {
    const uint32_t index = SLUICE_COUNTER(uint32_t{reason}, static_cast<uint32_t>(direction));
    auto* counter = static_cast<sluice_counter*>(maps.lookup(SLUICE_MAP_COUNTERS, &index));
    if (counter->packets != 0) counted.reason = reason;
    counted.packets += counter->packets;
    *counter = {};
  }
  return counted;
}

// The far end of an IP frame, as the plain headers have it.
bool is_far_end(std::span<const uint8_t> frame, sluice_direction direction, const net::Ip& ip) {
  const bool v4 = ip.family() == net::Family::kIpv4;
  const size_t source = 14 + (v4 ? 12 : 8), size = ip.bytes().size();
  const size_t at = direction == SLUICE_INGRESS ? source : source + size;
  return frame.size() >= at + size && std::equal(ip.bytes().begin(), ip.bytes().end(), frame.begin() + at);
}

// Does it leave the pod from an address that is not the pod's?
bool comes_from_another(std::span<const uint8_t> frame, sluice_direction direction) {
  const bool v4 = frame.size() >= 14 && frame[12] == 0x08 && frame[13] == 0x00;
  return direction == SLUICE_EGRESS &&
         !is_far_end(frame, SLUICE_INGRESS, v4 ? testing::kPod4 : testing::kPod6);
}

// May a pod that is isolated without a rule exchange this?
bool always_allowed(std::span<const uint8_t> frame, sluice_direction direction, uint8_t reason) {
  if (frame.size() < 14) return false;
  const unsigned type = static_cast<unsigned>(frame[12] << 8 | frame[13]);
  if (reason == SLUICE_ALLOWED_NEIGHBOUR) return type == 0x0806 || type == 0x86dd;
  const bool v4 = type == 0x0800;
  if (!v4 && type != 0x86dd) return false;
  if (reason == SLUICE_ALLOWED_OWN_NODE)
    return is_far_end(frame, direction, v4 ? testing::kNode4 : testing::kNode6);
  if (reason == SLUICE_ALLOWED_SELF)
    return is_far_end(frame, direction, v4 ? testing::kPod4 : testing::kPod6);
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto direction = data[0] & 1 ? SLUICE_EGRESS : SLUICE_INGRESS;
  const std::vector<uint8_t> frame(data + 1, data + size);
  require(sluice_parsers_agree(frame.data(), static_cast<uint32_t>(frame.size()), direction));
  for (Pod pod : {Pod::kOpen, Pod::kClosed, Pod::kRules}) {
    packet::Maps& maps = maps_of(pod);
    const bool passes = maps.passes(frame, testing::kPodInterface, direction, 1000);
    const Counted counted = take_counters(maps, direction);
    require(counted.packets == 1 && passes != sluice_is_denied(static_cast<sluice_reason>(counted.reason)));
    require(pod != Pod::kOpen || passes ||
            (counted.reason == SLUICE_DENIED_SOURCE_NOT_OWN && comes_from_another(frame, direction)));
    require(pod != Pod::kClosed || !passes || always_allowed(frame, direction, counted.reason));
    // Again: a known connection goes on, and what was denied is denied again for the same reason.
    const bool again = maps.passes(frame, testing::kPodInterface, direction, 1000);
    const Counted counted_again = take_counters(maps, direction);
    require(again == passes && counted_again.packets <= 1);
    require(passes || counted_again.reason == counted.reason);
    maps.clear_flows();
    maps.clear_events();
  }
  return 0;
}
