// recall(): what a former or a running agent has learnt of names, and whom it believes, told to a reconciler that brings
// nothing in force.
#pragma once

#include "agent/base/log.h"
#include "agent/kernel/loader.h"
#include "agent/names/memory.h"
#include "agent/node/reconciler.h"

namespace sluice::control::learning {

// As it stands in their maps, which are looked at and left as they are. Before the first preview(). An
// error where they cannot be read.
base::Status recall(const kernel::Programs& programs, const names::Limits& limits,
                    node::Reconciler& reconciler, const base::Log& log);

}  // namespace sluice::control::learning
