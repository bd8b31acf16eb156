// Filter: the list of a program's system calls, put into force by seccomp for this thread and those that
// it starts. What is on no list answers ENOSYS, or ends the process (Mode::kKill); a call of another
// architecture's numbers ends it always, as no program of ours makes one.
//
// Source: seccomp(2), libseccomp.
#pragma once

#include "agent/sandbox/sandbox.h"

namespace sluice::sandbox {

// Needs no_new_privs (base::keep_capabilities). `mode` is not kOff.
base::Status install_filter(Program program, Mode mode);

}  // namespace sluice::sandbox
