// `kubectl sluice observe`: the flow records of several nodes as one stream, by time. Edge.
#pragma once

#include <vector>

#include "agent/apps/kubectl/cluster.h"
#include "agent/apps/kubectl/words.h"

namespace sluice::apps::kubectl {

inline constexpr size_t kMostNodes = 200;  // read at a time: a kubectl each

// The exit code.
int observe(const Words& words, const std::vector<Pod>& agents);

}  // namespace sluice::apps::kubectl
