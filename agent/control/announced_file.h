// The file in which announced endpoints outlive the agent: a CNI plugin announces a pod once.
//
// Laws:
//  1. The file stands beside the socket, below /run: it ends with the machine's uptime, as the
//     pods' sandboxes do.
//  2. It is 0600, has one AddEndpointRequest as JSON a line, and is replaced whole (rename(2)).
//
// Blocking; any thread.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "agent/node/announced.h"

namespace sluice::control {

std::string announced_file(const std::string& socket);  // SOCKET.endpoints

struct AnnouncedRead {
  node::Announced announced;
  std::vector<std::string> problems;  // one line for each line of the file that is wrong; the others count
};
// A file that is not there holds nothing.
base::Result<AnnouncedRead> read_announced_file(const std::string& path);
base::Status write_announced_file(const std::string& path, const node::Announced& announced);
base::Status remove_announced_file(const std::string& path);

// The same of the file's lines; `path` is named in problems.
AnnouncedRead read_announced_lines(std::istream& lines, const std::string& path);
base::Result<std::string> announced_lines(const node::Announced& announced);

}  // namespace sluice::control
