// The agents of a cluster, and sluicectl run in their pods. By kubectl; edge.
#pragma once

#include <string>
#include <vector>

#include "agent/apps/kubectl/cluster.h"
#include "agent/apps/kubectl/words.h"
#include "agent/base/result.h"

namespace sluice::apps::kubectl {

// By node. An error where there is none.
base::Result<std::vector<Pod>> find_agents(const Words& words);
// The agents of these nodes, in their order; an error names a node without one. No node: all agents.
base::Result<std::vector<Pod>> agents_of(const std::vector<Pod>& agents,
                                         const std::vector<std::string>& nodes);
// Every pod of a namespace.
base::Result<std::vector<Pod>> pods_of(const Words& words, const std::string& ns);

// kubectl's words for `sluicectl command arguments...` in that agent's pod.
std::vector<std::string> exec_words(const Words& words, const Pod& agent,
                                    const std::vector<std::string>& arguments, bool with_terminal = false);

}  // namespace sluice::apps::kubectl
