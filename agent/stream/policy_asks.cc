#include "agent/stream/policy_asks.h"

#include <algorithm>

#include "agent/model/isolation.h"

namespace sluice::stream {
namespace {

using model::LogLevel;
using model::NetworkPolicy;
using observe::Verdict;

// "namespace/policy:ingress[0]" or "namespace/policy"
const NetworkPolicy* policy_named(const model::Cluster& cluster, std::string_view rule) {
  const size_t slash = rule.find('/');
  if (slash == rule.npos) return nullptr;
  const std::string_view name = rule.substr(slash + 1, rule.find(':', slash) - slash - 1);
  const auto found = cluster.policies.find({std::string(rule.substr(0, slash)), std::string(name)});
  return found == cluster.policies.end() ? nullptr : &found->second;
}

bool asks_for_what_it_allows(const NetworkPolicy& policy) {
  return policy.metrics || policy.log_level == LogLevel::kAll;
}

}  // namespace

std::vector<const NetworkPolicy*> PolicyAsks::concerned(const observe::FlowRecord& record) const {
  const model::Cluster& cluster = view_.compiler().cluster();
  std::vector<const NetworkPolicy*> found;
  const auto add = [&](const std::string& name) {
    if (const NetworkPolicy* policy = policy_named(cluster, name)) found.push_back(policy);
  };
  if (record.verdict == Verdict::kAllowed && !record.rule.empty()) add(record.rule);
  for (const std::string& name : record.isolated_by) add(name);
  return found;
}

bool PolicyAsks::is_asked_by(const model::Change& change, const model::Cluster& before) {
  const model::ObjectId id = change.id();
  if (id.kind != model::Kind::kNetworkPolicy) return false;
  const auto old = before.policies.find(id.name);
  return (old != before.policies.end() && asks_for_what_it_allows(old->second)) ||
         (!change.is_removal() && asks_for_what_it_allows(std::get<NetworkPolicy>(std::get<0>(change.what))));
}

bool PolicyAsks::asks_for_allowed(const model::Pod& pod) const {
  const model::Cluster& cluster = view_.compiler().cluster();
  const auto& policies = cluster.policies;
  for (auto at = policies.lower_bound({pod.name.ns, ""}); at != policies.end() && at->first.ns == pod.name.ns;
       ++at)
    if (asks_for_what_it_allows(at->second) && model::matches(at->second.pod_selector, pod.labels))
      return true;
  return false;
}

bool PolicyAsks::wants_line(const observe::FlowRecord& record, bool log_drops) const {
  const bool allowed = record.verdict == Verdict::kAllowed;
  LogLevel most = LogLevel::kUnsaid;
  for (const NetworkPolicy* policy : concerned(record)) most = std::max(most, policy->log_level);
  if (allowed) return most == LogLevel::kAll;
  return most == LogLevel::kUnsaid ? log_drops : most != LogLevel::kNone;
}

void PolicyAsks::count(const observe::FlowRecord& record) {
  for (const NetworkPolicy* policy : concerned(record)) {
    if (!policy->metrics || (counts_.size() >= kMostCounted && !counts_.contains(policy->name))) continue;
    counts_[policy->name][static_cast<size_t>(record.verdict)] += record.count;
  }
}

const std::map<model::ObjectName, PolicyAsks::Counts>& PolicyAsks::counts() {
  const auto& policies = view_.compiler().cluster().policies;
  std::erase_if(counts_, [&](const auto& entry) {
    const auto policy = policies.find(entry.first);
    return policy == policies.end() || !policy->second.metrics;
  });
  return counts_;
}

}  // namespace sluice::stream
