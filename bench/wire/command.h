// A program of Debian's run inside a network namespace, with what it reads on its standard input.
//
// Laws: no shell; the program is looked up in PATH. Its exit code other than 0 is an error with the first
// line of what it said. It is given kCommandDeadline and killed after that. Any thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "agent/endpoint/netns.h"

namespace sluice::bench::wire {

inline constexpr std::chrono::seconds kCommandDeadline{60};

base::Status run_command(const endpoint::Netns& netns, const std::vector<std::string>& arguments,
                         const std::string& input);

}  // namespace sluice::bench::wire
