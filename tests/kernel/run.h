// Run: a scenario through one engine, every packet checked in full: verdict, reason, exactly one counter, the
// report and the statistics. One thread.
#pragma once

#include <string>

#include "tests/kernel/engine.h"
#include "tests/kernel/scenarios.h"

namespace sluice::testing {

// What went otherwise than the row says, a line each; empty where nothing did.
std::string run(const Scenario& scenario, Engine& engine);

// May BPF_PROG_TEST_RUN refuse this frame? Only where it ends before its IP header does (net/bpf/test_run.c);
// the user-space target has run it then. Such rows end with a frame that both take.
bool may_be_refused(const Bytes& frame);

}  // namespace sluice::testing
