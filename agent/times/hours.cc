#include "agent/times/hours.h"

#include "agent/times/parse.h"

namespace sluice::times {
namespace {

template <typename Policy>
void take_out(std::map<model::ObjectName, Policy>& policies, Instant instant, Outside& outside) {
  std::erase_if(policies, [&](const auto& entry) {
    const Policy& policy = entry.second;
    if (policy.active.empty()) return false;
    const auto schedule = parse(policy.active);
    if (!schedule) {
      outside.unread.emplace(model::id_of(policy), schedule.error().message());
      return false;
    }
    ++outside.with_hours;
    if (is_active(*schedule, instant)) return false;
    outside.ids.push_back(model::id_of(policy));
    outside.policies.emplace_back(policy);
    return true;
  });
}

}  // namespace

const std::string* hours_of(const model::Object& object) {
  const std::string* active = nullptr;
  if (const auto* policy = std::get_if<model::NetworkPolicy>(&object)) active = &policy->active;
  if (const auto* policy = std::get_if<model::ClusterNetworkPolicy>(&object)) active = &policy->active;
  return active != nullptr && !active->empty() ? active : nullptr;
}

Outside at(model::Cluster& cluster, Instant instant) {
  Outside outside;
  take_out(cluster.policies, instant, outside);
  take_out(cluster.cluster_policies, instant, outside);
  return outside;
}

}  // namespace sluice::times
