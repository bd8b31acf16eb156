// Rules of ClusterNetworkPolicies that others stand before, and policies whose order nobody wrote down.
#include <algorithm>

#include "agent/lint/checks.h"
#include "agent/lint/tier_cover.h"
#include "agent/lint/words.h"
#include "agent/model/isolation.h"
#include "agent/model/tiers.h"

namespace sluice::lint {
namespace {

using model::ClusterNetworkPolicy;
using model::Direction;
using model::Tier;

struct Placed {
  const ClusterNetworkPolicy* policy;
  size_t index;
};

class TierCheck {
 public:
  TierCheck(const Input& input, Pods& pods, Report& report)
      : input_(input), pods_(pods), report_(report), cover_(input.cluster, pods) {}

  void check() {
    const auto policies = model::in_order(input_.cluster);
    for (const Direction direction : model::kDirections) {
      std::vector<Placed> before;
      for (const ClusterNetworkPolicy* policy : policies) {
        if (!before.empty() && before.back().policy->tier != policy->tier) before.clear();
        const bool hidden = is_hidden(*policy, direction);
        if (hidden)
          report_.add(Rule::kNeverMatches, *policy, path_of(direction, 0),
                      {"NetworkPolicies isolate every pod that it is for, for " +
                           std::string(model::to_text(direction)) + ": the Baseline is not asked about them",
                       "move it to tier Admin where it must hold, or remove it"});
        for (size_t i = 0; i < policy->rules(direction).size(); ++i) {
          if (!hidden) behind_another({policy, i}, direction, before);
          before.push_back({policy, i});
        }
      }
    }
    for (size_t i = 0; i < policies.size(); ++i)
      for (size_t j = i + 1; j < policies.size() && policies[j]->tier == policies[i]->tier &&
                             policies[j]->priority == policies[i]->priority;
           ++j)
        overlap(*policies[i], *policies[j]);
  }

 private:
  void behind_another(const Placed& rule, Direction direction, const std::vector<Placed>& before) {
    for (const Placed& earlier : before) {
      if (!is_always_before(*earlier.policy, *rule.policy) ||
          !cover_.covers(earlier.policy->subject, rule.policy->subject) ||
          !cover_.covers(earlier.policy->rules(direction)[earlier.index],
                         rule.policy->rules(direction)[rule.index]))
        continue;
      report_.add(Rule::kNeverMatches, *rule.policy, path_of(direction, rule.index),
                  {model::rule_name(*earlier.policy, direction, earlier.index) +
                       " is asked before it and matches all that it matches",
                   "move it before that rule, or remove it"});
      return;
    }
  }

  // One with hours is there for another of the same hours only.
  static bool is_always_before(const ClusterNetworkPolicy& earlier, const ClusterNetworkPolicy& later) {
    return earlier.active.empty() || earlier.active == later.active;
  }

  // Of the Baseline: is each of its pods isolated by NetworkPolicies? A policy for every pod is for those that will come.
  bool is_hidden(const ClusterNetworkPolicy& policy, Direction direction) {
    if (policy.tier != Tier::kBaseline || policy.rules(direction).empty() ||
        policy.subject == model::PodsPeer())
      return false;
    const auto& subjects = pods_.selected("", {policy.subject.pods, policy.subject.namespaces}).pods;
    const std::vector<bool>& isolated = isolated_in(direction);
    return !subjects.empty() && std::ranges::all_of(subjects, [&](uint32_t pod) { return isolated[pod]; });
  }

  const std::vector<bool>& isolated_in(Direction direction) {
    std::vector<bool>& isolated = isolated_[static_cast<size_t>(direction)];
    if (!isolated.empty()) return isolated;
    isolated.resize(pods_.size());
    for (const auto& [name, policy] : input_.cluster.policies)
      if (policy.isolates(direction) && policy.active.empty() && !model::is_in_audit(input_.cluster, policy))
        for (const uint32_t pod : pods_.selected(name.ns, policy.pod_selector).pods) isolated[pod] = true;
    return isolated;
  }

  void overlap(const ClusterNetworkPolicy& first, const ClusterNetworkPolicy& later) {
    if (!cover_.may_meet(first.subject, later.subject)) return;
    for (const Direction direction : model::kDirections)
      for (size_t i = 0; i < later.rules(direction).size(); ++i)
        for (size_t j = 0; j < first.rules(direction).size(); ++j) {
          const auto &one = later.rules(direction)[i], &other = first.rules(direction)[j];
          if (one.action == other.action || !cover_.may_meet(one, other)) continue;
          return report_.add(
              Rule::kEqualPrioritiesOverlap, later, "spec.priority",
              {model::called(first) + " has the same priority and speaks of the same pods: " +
                   model::rule_name(later, direction, i) + " and " + model::rule_name(first, direction, j) +
                   " disagree, and only the name says which comes first",
               "give them different priorities"});
        }
  }

  const Input& input_;
  Pods& pods_;
  Report& report_;
  TierCover cover_;
  std::array<std::vector<bool>, 2> isolated_;
};

}  // namespace

void check_tiers(const Input& input, Pods& pods, Report& report) {
  if (!input.cluster.cluster_policies.empty()) TierCheck(input, pods, report).check();
}

}  // namespace sluice::lint
