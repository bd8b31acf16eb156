// Files that commands are given beside manifests.
#pragma once

#include <string>

#include "agent/base/result.h"

namespace sluice::apps::ctl {

// Its bytes, at most `most` of them; "-": standard input. An error names the file and says why not.
base::Result<std::string> read_file(const std::string& path, size_t most);

}  // namespace sluice::apps::ctl
