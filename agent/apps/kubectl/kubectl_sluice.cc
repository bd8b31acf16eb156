// kubectl-sluice: `kubectl sluice …`, sluicectl on the nodes of a cluster.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "agent/apps/kubectl/agents.h"
#include "agent/apps/kubectl/child.h"
#include "agent/apps/kubectl/observe.h"
#include "agent/base/excerpt.h"

namespace sluice::apps::kubectl {
namespace {

using base::Error;
using base::Result;

// Of commands that read files: they run where the files are.
bool is_local(const Words& words) {
  static constexpr const char* kLocal[] = {"eval", "matrix", "lint",    "graph", "diff",      "convert",
                                           "test", "replay", "suggest", "lab",   "completion"};
  return std::ranges::find(kLocal, words.command) != std::end(kLocal) ||
         std::ranges::any_of(words.arguments,
                             [](const std::string& word) { return word.starts_with("--manifests"); });
}

int run_in(const Words& words, const Pod& agent, const std::vector<std::string>& arguments) {
  const bool with_terminal =
      words.command == "top" && ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  const auto code = pass_through(exec_words(words, agent, arguments, with_terminal),
                                 with_terminal ? Asked::kTerminal : Asked::kNothing);
  return code ? *code : fail(kProgram, kExitFailed, code.error().message());
}

// An end as the agents know it, and the node that it is on; empty: it is on none.
struct Placed {
  std::string text, node;
};

Result<Placed> place(const Words& words, const std::string& text) {
  const auto end = parse_end(text);
  if (!end) return Placed{text, ""};
  const auto pods = pods_of(words, end->ns);
  if (!pods) return pods.error();
  const Pod* pod = find(*pods, *end);
  if (pod == nullptr)
    return Error(base::excerpt(text) + ": namespace " + end->ns +
                 " has no pod of that name, nor of a workload of that name");
  if (pod->node.empty()) return Error("pod " + pod->ns + "/" + pod->name + " is on no node yet");
  return Placed{pod->ns + "/" + pod->name, pod->node};
}

// Each end's own node decides its direction, so both are asked.
int run_check(const Words& words, const std::vector<Pod>& agents) {
  CheckWords asked = check_words(words.arguments);
  std::vector<std::string> nodes = words.nodes;
  for (const auto& [name, text] : {std::pair("--from=", &asked.from), {"--to=", &asked.to}}) {
    if (text->empty()) continue;
    const auto placed = place(words, *text);
    if (!placed) return fail(kProgram, kExitUsage, "check: " + placed.error().message());
    asked.rest.push_back(name + placed->text);
    if (words.nodes.empty() && !placed->node.empty()) nodes.push_back(placed->node);
  }
  if (nodes.empty() && agents.size() > 1)
    return fail(kProgram, kExitUsage, "check: neither end is a pod: give --node, whose agent is to be asked");
  const auto chosen = agents_of(agents, nodes);
  if (!chosen) return fail(kProgram, kExitUsage, "check: " + chosen.error().message());
  int worst = kExitDone;
  for (const Pod& agent : *chosen) {
    if (chosen->size() > 1 && output_format(words.arguments) != "json")
      std::printf("# node %s\n", base::one_line(agent.node).c_str());
    std::fflush(stdout);
    const int code = run_in(words, agent, asked.rest);
    if (code != kExitDone && code != kExitDenied) return code;
    worst = std::max(worst, code);
  }
  return worst;
}

int run(int argc, char** argv) {
  const auto parsed = parse_words(argc, argv);
  if (const auto* exit = std::get_if<Exit>(&parsed)) return leave(kProgram, *exit);
  const Words& words = std::get<Words>(parsed);
  if (is_local(words))
    return fail(kProgram, kExitUsage,
                words.command + ": works on files: run sluicectl " + words.command + " here");
  const auto agents = find_agents(words);
  if (!agents) return fail(kProgram, kExitFailed, agents.error().message());
  if (words.command == "check" && value_of(words.arguments, "--event").empty())
    return run_check(words, *agents);
  const auto chosen = agents_of(*agents, words.nodes);
  if (!chosen) return fail(kProgram, kExitUsage, chosen.error().message());
  if (words.command == "observe" && chosen->size() > 1) return observe(words, *chosen);
  if (chosen->size() > 1)
    return fail(kProgram, kExitUsage,
                words.command + ": give one --node: agents run on " + std::to_string(chosen->size()) +
                    " nodes, " + chosen->front().node + " among them");
  return run_in(words, chosen->front(), words.arguments);
}

}  // namespace
}  // namespace sluice::apps::kubectl

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // an error of writing, which ends the kubectls under way too
  return sluice::apps::guarded([&] { return sluice::apps::kubectl::run(argc, argv); });
}
