// A folder of manifests for the offline commands.
#pragma once

#include <optional>
#include <string>

#include "agent/model/cluster.h"

namespace sluice::apps {

struct Manifests {
  model::Cluster cluster;
  bool sound = true;  // false: some objects or files were refused
};

// Problems and warnings go to standard error, one line each. None, after a line that says why, where the
// folder cannot be read.
std::optional<Manifests> read_manifests(const std::string& program, const std::string& folder);

}  // namespace sluice::apps
