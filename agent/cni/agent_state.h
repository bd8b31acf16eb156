// What the installer must know of this node's agent: whether the plugin chain may depend on it.
//
// Laws:
//  1. A chain that has not begun waits for an agent that says it is ready.
//  2. A chain that has begun stays for an agent to come back to. That nobody answers says nothing
//     against it, nor does a failure that has not stood for kStands; only an agent that wrote
//     down why it cannot run does.
//
// Bounded (kAnswer). Any thread.
#pragma once

#include <chrono>
#include <string>

namespace sluice::cni {

inline constexpr std::chrono::seconds kStands{10};
inline constexpr std::chrono::milliseconds kAnswer{300};

struct AgentState {
  enum class Kind {
    kFine,       // ready, or nothing is known against it
    kNotReady,   // no chain has begun, and there is no agent yet that it could begin with
    kCannotRun,  // it tried, and gave up
  } kind = Kind::kFine;
  std::string why;  // one line; empty where fine
  bool operator==(const AgentState&) const = default;
};

// `begun`: there is a chain of ours.
AgentState agent_state(const std::string& socket, bool begun);

}  // namespace sluice::cni
