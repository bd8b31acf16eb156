// Manifests for the offline commands: folders, files, and "-" for standard input, one cluster from all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/model/cluster.h"

namespace sluice::apps::ctl {

struct Manifests {
  model::Cluster cluster;
  bool sound = true;  // false: some objects or files were refused
};

// Problems and warnings go to standard error, one line each; that there is no pod with an address is a
// warning. None, after a line that says why, where they cannot be read.
std::optional<Manifests> read_manifests(const std::string& program, const std::vector<std::string>& sources);

}  // namespace sluice::apps::ctl
