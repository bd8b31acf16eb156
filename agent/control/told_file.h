// The file in which told endpoints outlive the agent: a CNI plugin tells of a pod once. It stands beside the
// socket (below /run, so that it ends with the machine's uptime, as the pods' sandboxes do), 0600, one
// AddEndpointRequest as JSON a line, replaced whole (rename(2)). Blocking; any thread.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "agent/control/told.h"

namespace sluice::control {

std::string told_file(const std::string& socket);  // SOCKET.endpoints

struct ToldRead {
  Told told;
  std::vector<std::string> problems;  // lines that make no sense, one line each; the others count
};
// A file that is not there holds nothing.
base::Result<ToldRead> read_told_file(const std::string& path);
base::Status write_told_file(const std::string& path, const Told& told);
base::Status remove_told_file(const std::string& path);

// The same of the file's lines; `path` is named in problems.
ToldRead read_told_lines(std::istream& lines, const std::string& path);
base::Result<std::string> told_lines(const Told& told);

}  // namespace sluice::control
