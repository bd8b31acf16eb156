// What the installer must know of this node's agent: whether the plugin chain may depend on it.
//
// Laws: a chain that has not begun waits for an agent that says it is ready. One that has begun is for an
// agent to come back to: that nobody answers says nothing against it, as little as a failure that has not
// stood for kStands; only an agent that wrote down why it cannot run does. Bounded (kAnswer). Any thread.
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
