#include "agent/node/flow_shares.h"

#include "agent/compile/content.h"

namespace sluice::node {

Shares shares_of(const NodeView& node) {
  Shares all;
  const auto& pods = node.compiler().cluster().pods;
  for (const auto& local : node.locals()) {
    const auto pod = pods.find(local.name);
    if (pod == pods.end()) continue;
    if (const auto id = node.placement().id_of(compile::endpoint_id(pod->second)))
      all[*id] = pod->second.flows;
  }
  return all;
}

base::Status FlowShares::set(const Shares& wanted) {
  base::Status all = base::done();
  std::erase_if(written_, [&](const auto& entry) { return !wanted.contains(entry.first); });
  for (const auto& [endpoint, flows] : wanted) {
    const auto written = written_.find(endpoint);
    if (written != written_.end() && written->second == flows) continue;
    if (auto wrote = write_(endpoint, flows); wrote)
      written_[endpoint] = flows;
    else if (all)
      all = wrote;
  }
  return all;
}

}  // namespace sluice::node
