// Why an agent could not start, in one line beside its socket, for whoever must not wait for it
// for ever.
//
// Laws:
//  1. An agent that gives up before it serves writes the file; the next one that serves removes
//     it.
//  2. `since` is the first failure after an agent last served; a later failure changes the line
//     alone.
//  3. The file stands below /run, so that it ends with the machine's uptime.
//
// Any thread; blocking.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "agent/base/result.h"

namespace sluice::base {

struct CannotRun {
  std::string why;
  std::chrono::system_clock::time_point since;
};

std::string cannot_run_file(const std::string& socket);  // SOCKET.cannot-run
Status write_cannot_run(const std::string& socket, const std::string& why);
Status remove_cannot_run(const std::string& socket);
// None where there is none, or none that can be read.
std::optional<CannotRun> read_cannot_run(const std::string& socket);

}  // namespace sluice::base
