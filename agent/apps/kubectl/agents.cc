#include "agent/apps/kubectl/agents.h"

#include <algorithm>

#include "agent/apps/kubectl/child.h"
#include "agent/base/excerpt.h"

namespace sluice::apps::kubectl {
namespace {

using base::Error;
using base::Result;

constexpr size_t kNamedNodes = 8;  // in an error

std::string nodes_text(const std::vector<Pod>& agents) {
  std::string text;
  for (size_t i = 0; i < agents.size() && i < kNamedNodes; ++i) text += (i == 0 ? "" : ", ") + agents[i].node;
  if (agents.size() > kNamedNodes) text += " and " + std::to_string(agents.size() - kNamedNodes) + " more";
  return text;
}

}  // namespace

Result<std::vector<Pod>> find_agents(const Words& words) {
  std::vector<std::string> call = words.kubectl();
  call.insert(call.end(), {"get", "pods", "--selector", kAgentSelector, "--output=json"});
  call.push_back(words.install_namespace.empty() ? "--all-namespaces"
                                                 : "--namespace=" + words.install_namespace);
  const auto json = output_of(call);
  if (!json) return json.error();
  auto agents = parse_pods(*json);
  if (!agents) return agents.error();
  std::erase_if(*agents, [](const Pod& pod) { return !pod.runs_agent || pod.node.empty(); });
  if (agents->empty())
    return Error(std::string("no agent runs: no pod labelled ") + kAgentSelector +
                 " has a running container " + kAgentContainer +
                 "; install Sluice, or give --context and --install-namespace");
  std::ranges::stable_sort(*agents, {}, &Pod::node);
  return agents;
}

Result<std::vector<Pod>> agents_of(const std::vector<Pod>& agents, const std::vector<std::string>& nodes) {
  if (nodes.empty()) return agents;
  std::vector<Pod> chosen;
  for (const std::string& node : nodes) {
    const auto found = std::ranges::find(agents, node, &Pod::node);
    if (found == agents.end())
      return Error("no agent runs on node " + base::excerpt(node) + ": agents run on " + nodes_text(agents));
    if (std::ranges::find(chosen, node, &Pod::node) == chosen.end()) chosen.push_back(*found);
  }
  return chosen;
}

Result<std::vector<Pod>> pods_of(const Words& words, const std::string& ns) {
  std::vector<std::string> call = words.kubectl();
  call.insert(call.end(), {"get", "pods", "--namespace=" + ns, "--output=json"});
  const auto json = output_of(call);
  if (!json) return json.error();
  return parse_pods(*json);
}

std::vector<std::string> exec_words(const Words& words, const Pod& agent,
                                    const std::vector<std::string>& arguments, bool with_terminal) {
  std::vector<std::string> call = words.kubectl();
  call.insert(call.end(), {"exec", "--namespace=" + agent.ns, "pod/" + agent.name,
                           std::string("--container=") + kAgentContainer});
  if (with_terminal) call.insert(call.end(), {"--stdin", "--tty"});
  call.insert(call.end(), {"--", "sluicectl", words.command});
  call.insert(call.end(), arguments.begin(), arguments.end());
  return call;
}

}  // namespace sluice::apps::kubectl
