// The file in which announced endpoints outlive the agent: a CNI plugin tells of a pod once. It stands beside the
// socket (below /run, so that it ends with the machine's uptime, as the pods' sandboxes do), 0600, one
// AddEndpointRequest as JSON a line, replaced whole (rename(2)). Blocking; any thread.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "agent/node/announced.h"

namespace sluice::control {

std::string announced_file(const std::string& socket);  // SOCKET.endpoints

struct AnnouncedRead {
  node::Announced announced;
  std::vector<std::string> problems;  // lines that make no sense, one line each; the others count
};
// A file that is not there holds nothing.
base::Result<AnnouncedRead> read_announced_file(const std::string& path);
base::Status write_announced_file(const std::string& path, const node::Announced& announced);
base::Status remove_announced_file(const std::string& path);

// The same of the file's lines; `path` is named in problems.
AnnouncedRead read_announced_lines(std::istream& lines, const std::string& path);
base::Result<std::string> announced_lines(const node::Announced& announced);

}  // namespace sluice::control
