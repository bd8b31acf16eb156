// What each daemon still needs once it has started: the argument of sandbox::confine(), from its options.
// And what both do with the answer.
#pragma once

#include <string>
#include <vector>

#include "agent/apps/daemon.h"
#include "agent/sandbox/sandbox.h"

namespace sluice::apps {

// --sandbox, else $SLUICE_SANDBOX, else what the build has: on, and off under the sanitizers, which need more.
base::Result<sandbox::Mode> sandbox_mode(const DaemonOptions& options, const char* environment);

// Folders that the agent uses as long as it runs; paths are absolute.
struct AgentFolders {
  std::string bpffs, netns_dir, manifests, socket;
};
sandbox::Needs agent_needs(const AgentFolders& folders);

// TCP ports, as text.
struct WatcherPorts {
  std::vector<std::string> connects, binds = {};
};
// `files`: those it reads anew at every use, as the token; they may be replaced by others in their folders.
sandbox::Needs watcher_needs(const std::vector<std::string>& files, const WatcherPorts& ports);

// Has the socket's folder, and lets the agent give it to that group, without a capability afterwards.
void prepare_socket_folder(const std::string& socket, std::optional<uint32_t> group);

// sandbox::confine(); what it could not is logged, a line each, and answered.
std::vector<std::string> confine(const sandbox::Needs& needs, sandbox::Mode mode, const base::Log& log);

}  // namespace sluice::apps
