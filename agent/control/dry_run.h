// dry_run(): what an agent started now would change, as text. Reads the kernel's state and touches nothing of
// it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "agent/base/result.h"

namespace sluice::control {

struct DryRun {
  std::string difference;             // image::to_text(Difference): "+", "-", "~" lines; empty: nothing to do
  std::vector<std::string> problems;  // of manifests, namespaces and matching, one line each
};

base::Result<DryRun> dry_run(const std::string& node_name, const std::string& manifests,
                             const std::string& netns_dir, const std::filesystem::path& bpffs);

}  // namespace sluice::control
