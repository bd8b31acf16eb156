// watch(): the installer that stays, and follows the node's configurations as they change.
//
// Laws:
//  1. A change of the directory is acted on once the directory has been quiet for kQuiet, and at
//     the latest after kQuietLongest.
//  2. What inotify cannot report (a link's target, a program that was removed) is seen within
//     kLookAgain, and what becomes of an agent that is followed within kAskAgain.
//  3. Problems are reported when they change.
//  4. watch() ends when `stop` becomes readable, and leaves everything in place.
//
// One thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "agent/cni/installer.h"

namespace sluice::cni {

inline constexpr std::chrono::milliseconds kQuiet{50}, kQuietLongest{1000};
inline constexpr std::chrono::seconds kLookAgain{30}, kAskAgain{2};

using Report = std::function<void(const std::string& line)>;

base::Status watch(const NodeFiles& node, const Entry& entry, int stop, const Report& report);

}  // namespace sluice::cni
