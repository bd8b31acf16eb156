// sluicectl graph: who may talk to whom by the rules, drawn.
#include <algorithm>
#include <cstdio>

#include "agent/apps/ctl/commands.h"
#include "agent/apps/ctl/graphviz.h"
#include "agent/apps/ctl/manifests.h"
#include "agent/picture/dot.h"
#include "agent/picture/graph_page.h"

namespace sluice::apps::ctl {
namespace {

// What graphviz lays out in seconds, and a person can still find a box in.
constexpr size_t kMostNodes = 400, kMostEdges = 1500;

struct GraphOptions {
  std::vector<std::string> manifests, namespaces;
  std::string output = "html";
};

base::Result<std::string> drawn(const picture::Graph& graph, const model::Cluster& cluster,
                                const std::string& output) {
  const std::string dot = picture::to_dot(graph);
  if (output == "dot") return dot;
  if (graph.nodes.size() > kMostNodes || graph.edges.size() > kMostEdges)
    return base::Error(std::to_string(graph.nodes.size()) + " boxes and " +
                       std::to_string(graph.edges.size()) +
                       " arrows are too many to draw: choose namespaces with --namespace, or take -o dot");
  auto svg = svg_of(dot);
  if (!svg || output == "svg") return svg;
  return picture::graph_page(graph, *svg, cluster);
}

bool has_namespace(const model::Cluster& cluster, const std::string& ns) {
  const auto at = cluster.pods.lower_bound({ns, ""});
  return at != cluster.pods.end() && at->first.ns == ns;
}

int run_graph(const GraphOptions& options) {
  auto manifests = read_manifests(kSluicectl, options.manifests, Wanted::kWorkloadsToo);
  if (!manifests) return kExitUsage;
  for (const std::string& ns : options.namespaces)
    if (!has_namespace(manifests->cluster, ns))
      return fail(kSluicectl, kExitUsage, "graph: --namespace " + ns + ": has no pod or workload here");
  picture::Limits limits;
  limits.namespaces = options.namespaces;
  const picture::Graph graph = picture::graph_of(manifests->cluster, limits);
  const auto text = drawn(graph, manifests->cluster, options.output);
  if (!text) return fail(kSluicectl, kExitFailed, "graph: " + text.error().message());
  std::fwrite(text->data(), 1, text->size(), stdout);
  if (std::fflush(stdout) != 0) return fail(kSluicectl, kExitFailed, "graph: cannot write it");
  return manifests->sound ? kExitDone : kExitUsage;
}

}  // namespace

void add_graph(Commands& commands) {
  commands.add<GraphOptions>(
      "graph", "Who may talk to whom by the rules, drawn: a page, a picture or DOT",
      [](CLI::App& command, GraphOptions& options) {
        add_manifests_option(command, options.manifests);
        command
            .add_option("-n,--namespace", options.namespaces,
                        "Only this namespace and what it talks to; may be given several times")
            ->type_name("NAMESPACE")
            ->allow_extra_args(false);
        add_output_option(command, options.output, {"html", "svg", "dot"});
      },
      run_graph);
}

}  // namespace sluice::apps::ctl
