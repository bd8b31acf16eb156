// What chance decides of a stream to the agent. Any thread.
#pragma once

#include <chrono>
#include <string>

namespace sluice::watcher {

// A name for a session of the feed that no other has.
std::string random_session();
// One half to the whole of it, so that the watchers of a cluster do not come back at once.
std::chrono::milliseconds jittered(std::chrono::milliseconds whole);

}  // namespace sluice::watcher
