// Which policies isolate a pod (semantics 6): the one loop of those who explain; the reference engine and the compiler's
// tables have their own. Pure; the Cluster must outlive what points into it.
#pragma once

#include <string>
#include <vector>

#include "agent/model/cluster.h"

namespace sluice::model {

// Of a pod of the namespace with these labels, by name.
std::vector<const NetworkPolicy*> isolating_policies(const Cluster& cluster, const std::string& ns,
                                                     const Labels& labels, Direction direction);
// "namespace/policy"
std::vector<std::string> names_of(const std::vector<const NetworkPolicy*>& policies);

}  // namespace sluice::model
