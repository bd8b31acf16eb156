// How many threads this process may have.
#pragma once

#include "agent/base/result.h"

namespace sluice::base {

// Threads started from here on take 1 MiB of address space each, not some 72 (8 of stack, 64 of a heap of
// their own): under a limit of memory such threads would take what the others need. Before threads are
// started. Source: malloc(3), mallopt(3), pthread_setattr_default_np(3).
void keep_threads_small();

// An error where `more` threads cannot run at once beside those that do: which limits may be the cause, and
// how to mend them. Nor where no memory is left beside them, which gRPC takes. It starts them and ends them: some 20
// microseconds each. Any thread.
Status check_thread_room(unsigned more);

}  // namespace sluice::base
