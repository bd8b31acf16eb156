// The system calls that each daemon makes once it has started, by name as libseccomp has them: derived
// from traces of all tests with daemons (tests/live, e2e, kubeapi, cni, deploy), which run in Mode::kKill
// since. What is allowed for some arguments alone stands here too.
//
// Laws:
//  1. No new program and no process: execve, fork, ptrace are on no list, clone makes threads alone.
//  2. No new programs of BPF: the agent's are loaded before, and BPF_PROG_LOAD is not on its list.
//  3. A name that an architecture does not have (open on arm64) does nothing there.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/sandbox/sandbox.h"

namespace sluice::sandbox {

// Allowed whatever their arguments are.
std::vector<std::string_view> plain_calls(Program program);

// Allowed where (argument & mask) == value; several of one name: where one of them fits.
struct ArgumentRule {
  std::string_view call;
  unsigned argument = 0;
  uint64_t mask = 0, value = 0;
};
std::vector<ArgumentRule> argument_rules(Program program);

}  // namespace sluice::sandbox
