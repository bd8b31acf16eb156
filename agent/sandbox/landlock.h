// Landlock: which files and TCP ports this thread and those that it starts may still open. What is open
// already stays as it is.
//
// Source: landlock(7), Documentation/userspace-api/landlock.rst.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/sandbox/sandbox.h"

namespace sluice::sandbox {

// The kernel's version of it; 0: it has none, or not in this boot (`lsm=`).
int landlock_version();

// Needs no_new_privs (base::keep_capabilities). What is not restricted, a line each.
std::vector<std::string> restrict_to(const Files& files, const std::vector<uint16_t>& connects,
                                     const std::vector<uint16_t>& binds = {});

}  // namespace sluice::sandbox
