// Bounds of the feed (proto/sluice/v1/feed.proto). The agent names those that matter to a feeder
// in Welcome.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sluice::source::feed {

inline constexpr uint32_t kFeedLargestMessage = 4 * 1024 * 1024;  // bytes of one FeedRequest
inline constexpr uint32_t kFeedWindow = 8;                        // batches under way beyond `taken`
inline constexpr uint32_t kFeedMostObjects = 2'000'000;  // in all, of one snapshot and of what is held
inline constexpr size_t kFeedMostRefusedReported = 100;  // in one Progress
inline constexpr size_t kFeedLongestSession = 64;        // bytes of Hello.session
inline constexpr size_t kFeedLongestText = 1024;         // bytes of any other text for people
inline constexpr size_t kFeedMostLines = 1000;           // problems, warnings, kinds of a SourceState
inline constexpr size_t kFeedMostTimed = 65'536;         // changes not in force yet whose delay is measured

}  // namespace sluice::source::feed
