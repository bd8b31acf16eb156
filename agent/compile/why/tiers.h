// Which rules of the three tiers decide for a pod that is subject of ClusterNetworkPolicies (semantics 42 to 49, 67).
#pragma once

#include "agent/compile/why/explain.h"
#include "agent/compile/why/rules.h"

namespace sluice::compile::why {

// One side of a pod that is subject of ClusterNetworkPolicies.
struct TieredSide {
  const Compilation& compilation;
  std::vector<NamedTierRule> tiers;
  std::vector<NamedRule> rules;
  bool isolated = false;
};
// Adds what the tiers say to an Explanation that has the rest. service: the endpoints of the Service that the question
// names, if it names one.
void explain_tiers(const TieredSide& side, const Question& question, const model::Pod& self,
                   const std::optional<std::set<BackendAddress>>& service, Explanation& result);

}  // namespace sluice::compile::why
