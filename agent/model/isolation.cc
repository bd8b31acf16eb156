#include "agent/model/isolation.h"

namespace sluice::model {

bool is_in_audit(const Cluster& cluster, const NetworkPolicy& policy) {
  if (policy.audit) return true;
  const auto ns = cluster.namespaces.find({"", policy.name.ns});
  return ns != cluster.namespaces.end() && ns->second.audit;
}

std::vector<const NetworkPolicy*> isolating_policies(const Cluster& cluster, const std::string& ns,
                                                     const Labels& labels, Direction direction,
                                                     Policies which) {
  std::vector<const NetworkPolicy*> found;
  bool any_in_audit = false;
  const auto& policies = cluster.policies;
  for (auto at = policies.lower_bound({ns, ""}); at != policies.end() && at->first.ns == ns; ++at) {
    if (!at->second.isolates(direction) || !matches(at->second.pod_selector, labels)) continue;
    const bool in_audit = is_in_audit(cluster, at->second);
    any_in_audit |= in_audit;
    if (!in_audit || which == Policies::kAudited) found.push_back(&at->second);
  }
  if (which == Policies::kAudited && !any_in_audit) found.clear();
  return found;
}

std::vector<std::string> names_of(const std::vector<const NetworkPolicy*>& policies) {
  std::vector<std::string> names;
  for (const NetworkPolicy* policy : policies) names.push_back(policy->name.to_text());
  return names;
}

}  // namespace sluice::model
