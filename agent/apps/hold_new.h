// hold_new(): keeps new interfaces closed while no agent runs, as `--new-interfaces closed` does while one does. A small
// process beside the agent that outlives it (`sluiced --hold-new`).
//
// Laws:
//  1. While an agent listens at the socket it does nothing: that agent decides. It looks for one each
//     kLookForAgent, and with any news of interfaces.
//  2. Without an agent, programs go to each interface behind which a pod may be (node/interfaces.h) that carries
//     none: they use the maps that the last agent left, which know nothing of it, and so close it; where nothing
//     was left, maps of their own that hold nothing. What carries programs is left as it is.
//  3. It takes nothing off, and ends leaving all in place: the next agent takes over.
//
// Returns only with an error. One thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "agent/base/log.h"
#include "agent/base/result.h"
#include "agent/kernel/attach/attach.h"

namespace sluice::apps {

inline constexpr std::chrono::milliseconds kLookForAgent{500};

struct HoldOptions {
  std::string socket, netns_dir;
  std::filesystem::path bpffs;
  kernel::attach::AttachMode attach = kernel::attach::AttachMode::kAuto;
};

base::Error hold_new(const HoldOptions& options, const base::Log& log);

}  // namespace sluice::apps
