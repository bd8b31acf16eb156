#include "agent/stream/why.h"

#include "agent/compile/why/explain.h"
#include "agent/flow/reasons.h"
#include "agent/model/isolation.h"

namespace sluice::stream {
namespace {

// No policy has a part in these.
bool is_no_policys(const std::string& reason) {
  for (const uint32_t other : {SLUICE_DENIED_SOURCE_NOT_OWN, SLUICE_DENIED_NOT_READY})
    if (reason == flow::reason_label(other)) return true;
  return false;
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

std::vector<std::string> Why::allowing(const Asked& asked) const {
  const auto found =
      compile::why::explain(view_.compiler().compilation(),
                            {asked.pod, asked.direction, *asked.remote, asked.protocol, asked.port});
  return found ? found->rules : std::vector<std::string>();
}

void Why::explain(observe::FlowRecord& record) {
  const bool allowed = record.verdict == observe::Verdict::kAllowed;
  const observe::End& pod = record.judged();
  const observe::End& other =
      record.direction == model::Direction::kIngress ? record.source : record.destination;
  if (pod.ns.empty() || (allowed ? !other.ip || record.reason != flow::reason_label(SLUICE_ALLOWED_POLICY)
                                 : is_no_policys(record.reason)))
    return;
  Asked asked{{pod.ns, pod.pod}, record.direction, {}, {}, {}, model::Policies::kEnforced};
  if (record.reason == flow::reason_label(SLUICE_ALLOWED_AUDIT)) asked.which = model::Policies::kAudited;
  if (allowed) {
    asked.remote = other.ip;
    asked.protocol = record.protocol;
    asked.port = record.destination.port.value_or(net::Port());
  }
  if (std::exchange(epoch_, view_.epoch()) != view_.epoch() || remembered_.size() >= kMostRemembered)
    remembered_.clear();
  auto found = remembered_.find(asked);
  if (found == remembered_.end())
    found = remembered_.emplace(asked, allowed ? allowing(asked) : isolating(asked)).first;
  if (!allowed)
    record.isolated_by = found->second;
  else if (!found->second.empty())
    record.rule = found->second.front();
}

}  // namespace sluice::stream
