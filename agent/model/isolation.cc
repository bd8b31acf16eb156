#include "agent/model/isolation.h"

namespace sluice::model {

std::vector<const NetworkPolicy*> isolating_policies(const Cluster& cluster, const std::string& ns,
                                                     const Labels& labels, Direction direction) {
  std::vector<const NetworkPolicy*> found;
  const auto& policies = cluster.policies;
  for (auto at = policies.lower_bound({ns, ""}); at != policies.end() && at->first.ns == ns; ++at)
    if (at->second.isolates(direction) && matches(at->second.pod_selector, labels))
      found.push_back(&at->second);
  return found;
}

std::vector<std::string> names_of(const std::vector<const NetworkPolicy*>& policies) {
  std::vector<std::string> names;
  for (const NetworkPolicy* policy : policies) names.push_back(policy->name.to_text());
  return names;
}

}  // namespace sluice::model
