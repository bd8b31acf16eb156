#include "agent/rehearse/other_times.h"

#include <algorithm>
#include <map>

namespace sluice::rehearse {
namespace {

struct Timed {
  model::Object policy;
  std::string hours;
  bool outside = false;
};
using TimedPolicies = std::map<model::ObjectId, Timed>;

const std::string& hours_of(const model::Object& policy) {
  static const std::string none;
  if (const auto* one = std::get_if<model::NetworkPolicy>(&policy)) return one->active;
  if (const auto* one = std::get_if<model::ClusterNetworkPolicy>(&policy)) return one->active;
  return none;
}

TimedPolicies policies_of(const AtOneMoment& state) {
  TimedPolicies all;
  const auto add = [&all](const model::Object& policy, bool outside) {
    all.insert_or_assign(model::id_of(policy), Timed{policy, hours_of(policy), outside});
  };
  for (const auto& [name, policy] : state.cluster.policies) add(policy, false);
  for (const auto& [name, policy] : state.cluster.cluster_policies) add(policy, false);
  for (const model::Object& policy : state.outside) add(policy, true);
  return all;
}

}  // namespace

std::vector<std::string> changed_at_other_times(const AtOneMoment& before, const AtOneMoment& after) {
  const TimedPolicies olds = policies_of(before), news = policies_of(after);
  std::vector<std::string> names;
  for (const auto& [id, old] : olds) {
    const auto found = news.find(id);
    const bool is_named = found == news.end()
                              ? old.outside
                              : old.hours != found->second.hours || ((old.outside || found->second.outside) &&
                                                                     !(old.policy == found->second.policy));
    if (is_named) names.push_back(id.to_text());
  }
  for (const auto& [id, added] : news)
    if (added.outside && !olds.contains(id)) names.push_back(id.to_text());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace sluice::rehearse
