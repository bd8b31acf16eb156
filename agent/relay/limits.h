// Bounds of a relay (proto/sluice/v1/relay.proto).
#pragma once

#include <chrono>
#include <cstddef>

namespace sluice::relay {

inline constexpr size_t kLongestNode = 253;  // bytes of a node's name, as the Kubernetes API has it
inline constexpr size_t kMostNodes = 5'000;  // that follow at once
inline constexpr size_t kMostWaiting =
    4'096;  // objects whose change waits for one node; beyond it starts over
inline constexpr size_t kMostSnapshots = 16;  // under way at once; others wait for their turn
// A node that takes nothing for so long is cut off.
inline constexpr std::chrono::seconds kStalled{30};
// A dead connection is noticed within both.
inline constexpr std::chrono::seconds kKeepalive{20}, kKeepaliveAnswer{10};
// Then a connection is made anew, so that a certificate is looked at again.
inline constexpr std::chrono::minutes kConnectionAge{60};
inline constexpr std::chrono::seconds kRotation{10};  // how often certificate files are looked at

}  // namespace sluice::relay
