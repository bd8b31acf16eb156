// recall(): what a former or a running agent has learnt of names, and whom it believes, told to a reconciler that brings
// nothing in force.
#pragma once

#include <filesystem>

#include "agent/base/log.h"
#include "agent/names/memory.h"
#include "agent/node/reconciler.h"

namespace sluice::control::learning {

// As it stands in the maps that are pinned there, which are looked at and left as they are. Before the first preview(). An
// error where they cannot be read.
base::Status recall(const std::filesystem::path& pin_dir, const names::Limits& limits,
                    node::Reconciler& reconciler, const base::Log& log);

}  // namespace sluice::control::learning
