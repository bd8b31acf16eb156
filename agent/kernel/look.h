// look(): reads what somebody else may change meanwhile.
//
// Laws:
//  1. What `act` finds counts only if `mark` was the same before it and after it; otherwise it is read again, at
//     most kLooks times in all. After that it is an error, not a guess.
//  2. An error of `act` counts as what it finds: what was read while it changed may have looked wrong.
//
// Any thread.
#pragma once

#include <atomic>
#include <string>
#include <type_traits>

#include "agent/base/result.h"

namespace sluice::kernel {

inline constexpr int kLooks = 8;

// `act` gives a Result or a Status; `what` names the thing for people.
template <typename Mark, typename Act>
std::invoke_result_t<Act> look(const std::string& what, Mark mark, Act act) {
  for (int i = 0; i < kLooks; ++i) {
    const auto before = mark();
    auto found = act();
    std::atomic_thread_fence(std::memory_order_acquire);
    if (mark() == before) return found;
  }
  return base::Error(what + ": changed each of the " + std::to_string(kLooks) +
                     " times that it was read: try again once the agent is less busy");
}

}  // namespace sluice::kernel
