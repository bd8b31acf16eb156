#include "agent/stream/why.h"

#include <algorithm>

#include "agent/compile/why/explain.h"
#include "agent/flow/reasons.h"
#include "agent/model/isolation.h"
#include "agent/model/tiers.h"

namespace sluice::stream {
namespace {

// No policy has a part in these.
bool is_no_policys(const std::string& reason) {
  for (const uint32_t other : {SLUICE_DENIED_SOURCE_NOT_OWN, SLUICE_DENIED_NOT_READY})
    if (reason == flow::reason_label(other)) return true;
  return false;
}

// Denied because of what rules say, or do not.
bool is_by_rules(const std::string& reason) {
  return reason == flow::reason_label(SLUICE_DENIED_NO_RULE) ||
         reason == flow::reason_label(SLUICE_DENIED_SERVICE_PARTIAL);
}

}  // namespace

std::vector<std::string> Why::isolating(const Asked& asked) const {
  const model::Cluster& cluster = view_.compiler().cluster();
  const auto pod = cluster.pods.find(asked.pod);
  if (pod == cluster.pods.end()) return {};
  auto policies =
      model::isolating_policies(cluster, asked.pod.ns, pod->second.labels, asked.direction, asked.which);
  if (asked.which == model::Policies::kAudited)
    std::erase_if(policies, [&](const auto* policy) { return !model::is_in_audit(cluster, *policy); });
  return model::names_of(policies);
}

Why::Found Why::deciding(const Asked& asked) const {
  const auto told =
      compile::why::explain(view_.compiler().compilation(),
                            {asked.pod, asked.direction, *asked.remote, asked.protocol, asked.port});
  Found found;
  if (!told || told->allowed != asked.allowed) return found;
  if (!told->rules.empty()) found.rule = told->rules.front();
  found.name_would_do = told->name_would_do;
  return found;
}

bool Why::has_tiers(const Asked& asked) const {
  const model::Cluster& cluster = view_.compiler().cluster();
  const auto pod = cluster.pods.find(asked.pod);
  return pod != cluster.pods.end() && std::ranges::any_of(cluster.cluster_policies, [&](const auto& entry) {
           return !entry.second.rules(asked.direction).empty() &&
                  model::is_subject(cluster, asked.pod.ns, pod->second.labels, entry.second);
         });
}

Why::Found Why::find(const Asked& asked) const {
  Found found;
  if (asked.remote) found = deciding(asked);
  if (!asked.allowed && found.rule.empty()) found.isolated_by = isolating(asked);
  return found;
}

void Why::explain(observe::FlowRecord& record) {
  const bool allowed = record.verdict == observe::Verdict::kAllowed;
  const observe::End& pod = record.judged();
  const observe::End& other =
      record.direction == model::Direction::kIngress ? record.source : record.destination;
  if (pod.ns.empty() || (allowed ? !other.ip || record.reason != flow::reason_label(SLUICE_ALLOWED_POLICY)
                                 : is_no_policys(record.reason)))
    return;
  Asked asked{{pod.ns, pod.pod}, record.direction, {}, allowed, {}, {}, model::Policies::kEnforced};
  if (record.reason == flow::reason_label(SLUICE_ALLOWED_AUDIT)) asked.which = model::Policies::kAudited;
  if (allowed || (other.ip && is_by_rules(record.reason) && has_tiers(asked))) {
    asked.remote = other.ip;
    asked.protocol = record.protocol;
    asked.port = record.destination.port.value_or(net::Port());
  }
  if (std::exchange(epoch_, view_.epoch()) != view_.epoch() || remembered_.size() >= kMostRemembered)
    remembered_.clear();
  auto found = remembered_.find(asked);
  if (found == remembered_.end()) found = remembered_.emplace(asked, find(asked)).first;
  record.rule = found->second.rule;
  record.isolated_by = found->second.isolated_by;
  // Names come and go within an epoch.
  record.no_name_learnt =
      found->second.name_would_do && !view_.compiler().compilation().names().addresses().contains(*other.ip);
}

}  // namespace sluice::stream
