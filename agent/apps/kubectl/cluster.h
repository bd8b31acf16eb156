// What the plugin has to know of a cluster: on which node which agent is, and on which node a pod. Read from kubectl's
// JSON, of which nothing is believed: what is no name of Kubernetes is no pod. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"

namespace sluice::apps::kubectl {

// The chart's labels, whatever the release is called.
inline constexpr char kAgentSelector[] = "app.kubernetes.io/name=sluice";
inline constexpr char kAgentContainer[] = "agent";

struct Pod {
  std::string ns, name, node;  // node: empty where it is on none yet
  std::string workload;        // "deployment/web", whose replica it is; empty: nobody's
  bool runs_agent = false;     // it has a container of that name, which runs
};

// Of `kubectl get pods -o json`.
base::Result<std::vector<Pod>> parse_pods(std::string_view json);

// An end of a check: a pod, or a workload that stands for one of its pods.
struct End {
  std::string ns, kind, name;  // kind: empty, or "deployment"
};
// "shop/web", "shop/deployment/web" or "shop/deploy/web"; none: an address, a node or a Service, which is on no node.
std::optional<End> parse_end(const std::string& text);
// The pod of that name, else the first one of a workload of that name; null: there is none.
const Pod* find(const std::vector<Pod>& pods, const End& end);

}  // namespace sluice::apps::kubectl
