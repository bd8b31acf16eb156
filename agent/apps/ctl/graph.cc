// sluicectl graph: who may talk to whom by the rules, drawn.
#include <algorithm>
#include <cstdio>

#include "agent/apps/ctl/commands.h"
#include "agent/apps/ctl/manifests.h"
#include "agent/picture/dot.h"
#include "agent/picture/graph_page.h"
#include "agent/picture/graphviz.h"

namespace sluice::apps::ctl {
namespace {

// What graphviz lays out in seconds, and a person can still find a box in.
constexpr size_t kMostNodes = 400, kMostEdges = 1500;

struct GraphOptions {
  std::vector<std::string> manifests, namespaces;
  std::string output = "html";
  Reading reading;
};

base::Result<std::string> drawn(const picture::Graph& graph, const std::string& output) {
  const std::string dot = picture::to_dot(graph);
  if (output == "dot") return dot;
  if (graph.nodes.size() > kMostNodes || graph.edges.size() > kMostEdges)
    return base::Error(std::to_string(graph.nodes.size()) + " boxes and " +
                       std::to_string(graph.edges.size()) +
                       " arrows are too many to draw: choose namespaces with --namespace, or take -o dot");
  auto svg = picture::svg_of(dot);
  // What graphviz goes down over are texts that it lays out.
  if (!svg) svg = picture::svg_of(picture::to_dot(graph, picture::EdgeTexts::kBeside));
  return svg;
}

bool has_namespace(const model::Cluster& cluster, const std::string& ns) {
  const auto at = cluster.pods.lower_bound({ns, ""});
  return at != cluster.pods.end() && at->first.ns == ns;
}

base::Status check_namespaces(const model::Cluster& cluster, const std::vector<std::string>& namespaces) {
  for (const std::string& ns : namespaces)
    if (!has_namespace(cluster, ns))
      return base::Error("--namespace " + ns + ": has no pod or workload here");
  return base::done();
}

picture::Graph graph_of_these(const model::Cluster& cluster, const std::vector<std::string>& namespaces) {
  picture::Limits limits;
  limits.namespaces = namespaces;
  return picture::graph_of(cluster, limits);
}

base::Result<std::string> text_of(const model::Cluster& cluster, const GraphOptions& options) {
  if (options.output != "html") return drawn(graph_of_these(cluster, options.namespaces), options.output);
  const auto page = graph_page_of(cluster, options.namespaces);
  if (!page) return page.error();
  return picture::to_html(*page);
}

int run_graph(const GraphOptions& options) {
  auto manifests = read_manifests(kSluicectl, options.manifests, Wanted::kWorkloadsToo, options.reading);
  if (!manifests) return kExitUsage;
  if (auto there = check_namespaces(manifests->cluster, options.namespaces); !there)
    return fail(kSluicectl, kExitUsage, "graph: " + there.error().message());
  const auto text = text_of(manifests->cluster, options);
  if (!text) return fail(kSluicectl, kExitFailed, "graph: " + text.error().message());
  std::fwrite(text->data(), 1, text->size(), stdout);
  if (std::fflush(stdout) != 0) return fail(kSluicectl, kExitFailed, "graph: cannot write it");
  return manifests->sound ? kExitDone : kExitUsage;
}

}  // namespace

base::Result<picture::Page> graph_page_of(const model::Cluster& cluster,
                                          const std::vector<std::string>& namespaces) {
  if (auto there = check_namespaces(cluster, namespaces); !there) return there.error();
  const picture::Graph graph = graph_of_these(cluster, namespaces);
  const auto svg = drawn(graph, "svg");
  if (!svg) return svg.error();
  return picture::graph_page(graph, *svg, cluster);
}

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
        add_reading_options(command, options.reading);
        add_output_option(command, options.output, {"html", "svg", "dot"});
      },
      run_graph);
}

}  // namespace sluice::apps::ctl
