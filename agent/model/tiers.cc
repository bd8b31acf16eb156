#include "agent/model/tiers.h"

#include <algorithm>
#include <tuple>

namespace sluice::model {

bool is_subject(const Cluster& cluster, const std::string& ns, const Labels& labels,
                const ClusterNetworkPolicy& policy) {
  return matches(policy.subject.pods, labels) &&
         matches(policy.subject.namespaces, cluster.namespace_labels(ns));
}

std::vector<const ClusterNetworkPolicy*> in_order(const Cluster& cluster) {
  std::vector<const ClusterNetworkPolicy*> policies;
  for (const auto& [name, policy] : cluster.cluster_policies) policies.push_back(&policy);
  std::ranges::sort(policies, [](const auto* a, const auto* b) {
    return std::tie(a->tier, a->priority, a->name.name) < std::tie(b->tier, b->priority, b->name.name);
  });
  return policies;
}

std::string called(const ClusterNetworkPolicy& policy) {
  return std::string(to_text(policy.tier)) + "/" + policy.name.name;
}

std::string rule_name(const ClusterNetworkPolicy& policy, Direction direction, size_t index) {
  return called(policy) + ":" + std::string(to_text(direction)) + "[" + std::to_string(index) + "]";
}

std::optional<Tier> tier_of(std::string_view name) {
  for (const Tier tier : kTiers)
    if (name.starts_with(std::string(to_text(tier)) + "/")) return tier;
  return std::nullopt;
}

std::string own_name_of(const Cluster& cluster, std::string_view rule) {
  const size_t slash = rule.find('/'), colon = rule.find(':');
  if (!tier_of(rule) || colon == rule.npos) return "";
  const auto found =
      cluster.cluster_policies.find({"", std::string(rule.substr(slash + 1, colon - slash - 1))});
  if (found == cluster.cluster_policies.end()) return "";
  for (const Direction direction : kDirections) {
    const auto& rules = found->second.rules(direction);
    for (size_t i = 0; i < rules.size(); ++i)
      if (rule_name(found->second, direction, i) == rule) return rules[i].name;
  }
  return "";
}

}  // namespace sluice::model
