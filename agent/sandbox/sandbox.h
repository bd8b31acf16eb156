// Sandbox: what a daemon gives up of itself once it has what it needs at the start: capabilities,
// system calls (seccomp), files and connections (Landlock). Whoever takes the daemon over has no more
// than that.
//
// Laws:
//  1. confine() is called on the only thread: those that are started later inherit all of it, an
//     earlier one would have none.
//  2. What the kernel lacks is answered, a line each; everything else is given up all the same.
//  3. A system call that is not on the list answers ENOSYS, as on a kernel that does not know it, and
//     the kernel logs it (audit, type=1326). It does not end the daemon: a C library that tries a new
//     call and goes on without must not cost a node its agent. kKill is for tests, which are to fail.
//
// Source: seccomp(2), landlock(7), capabilities(7).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/base/result.h"

namespace sluice::sandbox {

enum class Mode {
  kOn,
  kKill,  // a system call that is not on the list ends the process with SIGSYS
  kOff,
};
// "on", "kill", "off"
base::Result<Mode> parse_mode(const std::string& text);

// Whose list of system calls (system_calls.h).
enum class Program { kAgent, kWatcher };

// Paths with everything below them. What does not exist, or cannot be reached, is left out.
struct Files {
  std::vector<std::string> read;     // files, and what folders hold
  std::vector<std::string> written;  // made, changed and removed as well
};

struct Needs {
  Program program = Program::kAgent;
  std::vector<unsigned> capabilities;  // CAP_…; where they are permitted
  Files files;
  std::vector<uint16_t> connects;    // TCP ports
  std::vector<uint16_t> binds = {};  // TCP ports that are bound later
};

// From here on this process has what it needs alone. What could not be given up, and why, a line each.
std::vector<std::string> confine(const Needs& needs, Mode mode);

}  // namespace sluice::sandbox
