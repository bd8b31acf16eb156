// What ClusterNetworkPolicies say of one side of a connection (semantics 42 to 58, 67), spelt out rule by rule. Shares
// with the compiler nothing but the decoded objects. Pure functions; any thread.
#pragma once

#include <optional>
#include <utility>

#include "agent/reference/rule_match.h"

namespace sluice::reference {

// A connection as the rules of one side's policies meet it: the other end like any destination and, where the packet
// went to a Service, the address and port as it was written. At least one is there.
struct Faces {
  const Contact* end = nullptr;      // nullptr: a Service without endpoints
  const Contact* written = nullptr;  // its peer and destination are no pod
};

// Is the pod subject of a policy of either tier that lists a rule for the direction?
bool is_subject(const model::Cluster& cluster, const model::Pod& pod, model::Direction direction);

struct TierDecision {
  bool accepts = false;
  // "Admin/NAME" or "Baseline/NAME" as an object's name (no namespace is called so), and the rule's index.
  std::pair<model::ObjectName, size_t> rule;
};

// The first rule that matches in the tier, nullopt where that is none, or one that passes.
std::optional<TierDecision> decide(const model::Cluster& cluster, const model::Pod& pod,
                                   model::Direction direction, model::Tier tier, const Faces& faces);

}  // namespace sluice::reference
