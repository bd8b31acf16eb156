// PolicyAsks: what annotations of policies ask of records: which have a line in the log (sluice.dev/policy-log-level),
// and which are counted by policy (sluice.dev/metrics-enabled). One thread; the NodeView must outlive it.
//
// Laws:
//  1. What is denied concerns each policy that isolates the pod, and what policies in audit would deny each of those;
//     what is allowed concerns the policy of its rule; what a ClusterNetworkPolicy decides, none.
//  2. Of the policies that say how much is logged, the one that says most is heard; where none does, the agent's
//     --log-drops.
//  3. At most kMostCounted policies have counters; those of a policy that is gone go too.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "agent/node/node_view.h"
#include "agent/observe/record.h"

namespace sluice::stream {

class PolicyAsks {
 public:
  static constexpr size_t kMostCounted = 1000;
  using Counts = std::array<uint64_t, std::size(observe::kVerdicts)>;  // by observe::Verdict

  explicit PolicyAsks(const node::NodeView& view) : view_(view) {}

  // May the change have a pod report what it allows, or no more? `before`: the cluster that does not know of it yet.
  static bool is_asked_by(const model::Change& change, const model::Cluster& before);
  // Has the pod to report what it allows, because a policy that isolates it logs or counts that?
  bool asks_for_allowed(const model::Pod& pod) const;
  bool wants_line(const observe::FlowRecord& record, bool log_drops) const;
  void count(const observe::FlowRecord& record);
  // Connections, those that were not reported for the rate among them, by policy.
  const std::map<model::ObjectName, Counts>& counts();

 private:
  std::vector<const model::NetworkPolicy*> concerned(const observe::FlowRecord& record) const;

  const node::NodeView& view_;
  std::map<model::ObjectName, Counts> counts_;
};

}  // namespace sluice::stream
