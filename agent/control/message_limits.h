// The largest messages of the control API, for both of its ends.
#pragma once

#include "agent/source/feed/limits.h"

namespace sluice::control {

inline constexpr int kLargestRequest = source::feed::kFeedLargestMessage;  // bytes
inline constexpr size_t kLargestPiece = 256U << 10;      // bytes of a SnapshotPiece of more than one object
inline constexpr int kLargestReply = 256 * 1024 * 1024;  // bytes

}  // namespace sluice::control
