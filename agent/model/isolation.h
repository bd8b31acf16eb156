// Which policies isolate a pod (semantics 6): the one loop of those who explain; the reference engine and the compiler's
// tables have their own. Pure; the Cluster must outlive what points into it.
#pragma once

#include <string>
#include <vector>

#include "agent/model/cluster.h"

namespace sluice::model {

// Does the policy isolate nobody yet, because it or its namespace is in audit?
bool is_in_audit(const Cluster& cluster, const NetworkPolicy& policy);

// Which policies count: those in force; or, to see what those in audit would do, these too.
enum class Policies : uint8_t { kEnforced, kAudited };

// Of a pod of the namespace with these labels, by name. kAudited: none where none of them is in audit.
std::vector<const NetworkPolicy*> isolating_policies(const Cluster& cluster, const std::string& ns,
                                                     const Labels& labels, Direction direction,
                                                     Policies which = Policies::kEnforced);
// "namespace/policy"
std::vector<std::string> names_of(const std::vector<const NetworkPolicy*>& policies);

}  // namespace sluice::model
