#include "agent/node/endpoint_settings.h"

#include "agent/compile/content/content.h"

namespace sluice::node {
namespace {

template <typename Number>
Settings of_pods(const NodeView& node, Number number_of) {
  Settings all;
  const auto& pods = node.compiler().cluster().pods;
  for (const auto& local : node.locals()) {
    const auto pod = pods.find(local.name);
    if (pod == pods.end()) continue;
    if (const auto id = node.placement().id_of(compile::endpoint_id(pod->second)))
      all[*id] = number_of(pod->second);
  }
  return all;
}

}  // namespace

Settings shares_of(const NodeView& node) {
  return of_pods(node, [](const model::Pod& pod) { return pod.flows; });
}

Settings observed_of(const NodeView& node, const std::function<bool(const model::Pod&)>& asked) {
  const auto& namespaces = node.compiler().cluster().namespaces;
  return of_pods(node, [&](const model::Pod& pod) {
    const auto ns = namespaces.find({"", pod.name.ns});
    return pod.observe_allowed || (ns != namespaces.end() && ns->second.observe_allowed) || asked(pod);
  });
}

base::Status EndpointSettings::set(const Settings& wanted) {
  base::Status all = base::done();
  std::erase_if(written_, [&](const auto& entry) { return !wanted.contains(entry.first); });
  for (const auto& [endpoint, number] : wanted) {
    const auto written = written_.find(endpoint);
    if (written != written_.end() && written->second == number) continue;
    if (auto wrote = write_(endpoint, number); wrote)
      written_[endpoint] = number;
    else if (all)
      all = wrote;
  }
  return all;
}

}  // namespace sluice::node
