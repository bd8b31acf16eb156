#include "agent/picture/graph.h"

#include <algorithm>
#include <map>

#include "agent/picture/links.h"

namespace sluice::picture {

namespace {

bool is_of_namespace(const Node& node) {
  return node.kind == NodeKind::kPods || node.kind == NodeKind::kEveryPodOf;
}

void add_sorted(std::vector<std::string>& all, const std::vector<std::string>& more) {
  all.insert(all.end(), more.begin(), more.end());
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
}

Gate joined(Gate a, Gate b) {
  return a == b ? a : Gate::kMixed;
}

void absorb(Node& into, const Node& node) {
  add_sorted(into.names, node.names);
  add_sorted(into.isolates_ingress, node.isolates_ingress);
  add_sorted(into.isolates_egress, node.isolates_egress);
  add_sorted(into.audits_ingress, node.audits_ingress);
  add_sorted(into.audits_egress, node.audits_egress);
  into.pods += node.pods;
  into.ingress = joined(into.ingress, node.ingress);
  into.egress = joined(into.egress, node.egress);
}

// The graph with node i become node `place[i]` of `nodes`.
Graph moved(const Graph& graph, std::vector<Node> nodes, const std::vector<size_t>& place) {
  std::map<std::pair<size_t, size_t>, Edge> edges;
  for (const Edge& edge : graph.edges) {
    Edge& into = edges[{place[edge.from], place[edge.to]}];
    into.traffic += edge.traffic;
    add_sorted(into.rules, edge.rules);
  }
  Graph made{std::move(nodes), {}, graph.by_namespace, graph.classes};
  for (auto& [between, edge] : edges) {
    edge.from = between.first;
    edge.to = between.second;
    made.edges.push_back(std::move(edge));
  }
  return made;
}

// Which nodes become which is said by a key each; those that have the same are one, at the first one's place.
template <typename Key>
Graph joined_by(const Graph& graph, const std::vector<Key>& keys) {
  std::map<Key, size_t> places;
  std::vector<Node> nodes;
  std::vector<size_t> place;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto [at, is_new] = places.try_emplace(keys[i], nodes.size());
    if (is_new)
      nodes.push_back(graph.nodes[i]);
    else
      absorb(nodes[at->second], graph.nodes[i]);
    place.push_back(at->second);
  }
  return moved(graph, std::move(nodes), place);
}

// All that a node looks like: those that look alike are drawn as one.
std::vector<std::vector<std::string>> looks(const Graph& graph) {
  std::vector<std::vector<std::string>> all;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    auto& look = all.emplace_back();
    look = {std::string(to_text(node.kind)), node.ns, std::string(to_text(node.ingress)),
            std::string(to_text(node.egress))};
    if (node.kind == NodeKind::kPods) {
      for (const std::string& policy : node.isolates_ingress) look.push_back("in " + policy);
      for (const std::string& policy : node.isolates_egress) look.push_back("out " + policy);
      for (const std::string& policy : node.audits_ingress) look.push_back("in, audit " + policy);
      for (const std::string& policy : node.audits_egress) look.push_back("out, audit " + policy);
    }
    if (!node.has_gates()) look.push_back(node.title());
  }
  for (const Edge& edge : graph.edges) {
    std::string what;
    for (const std::string& share : edge.what()) what += " " + share;
    if (edge.from != edge.to) {
      all[edge.from].push_back("to " + std::to_string(edge.to) + what);
      all[edge.to].push_back("from " + std::to_string(edge.from) + what);
      continue;
    }
    // Pods that talk among themselves may not talk to others like them; of namespaces law 4 says what it means.
    all[edge.from].push_back("within" + what);
    if (graph.nodes[edge.from].kind == NodeKind::kPods)
      all[edge.from].push_back("is " + std::to_string(edge.from));
  }
  return all;
}

Graph with_alike_joined(Graph graph) {
  for (;;) {
    Graph smaller = joined_by(graph, looks(graph));
    if (smaller.nodes.size() == graph.nodes.size()) return graph;
    graph = std::move(smaller);
  }
}

using Names = std::vector<std::string>;

bool holds(const Names& namespaces, const Node& node) {
  return std::ranges::find(namespaces, node.ns) != namespaces.end();
}

// `apart`: namespaces that are drawn in full all the same.
Graph by_namespace(const Graph& graph, const Names& apart) {
  std::vector<std::string> keys;
  Graph changed = graph;
  changed.by_namespace = true;
  for (Node& node : changed.nodes) {
    if (!is_of_namespace(node) || holds(apart, node)) {
      keys.push_back("other " + node.title());
      continue;
    }
    keys.push_back("namespace " + node.ns);
    node.kind = NodeKind::kNamespaces;
    node.names = {node.ns};
    node.ns.clear();
  }
  return joined_by(changed, keys);
}

// These namespaces and what they talk to.
Graph only(const Graph& graph, const Names& namespaces) {
  const auto wanted = [&](const Node& node) { return is_of_namespace(node) && holds(namespaces, node); };
  std::vector<bool> stays;
  for (const Node& node : graph.nodes) stays.push_back(node.kind == NodeKind::kPods && wanted(node));
  Graph kept = graph;
  std::erase_if(kept.edges, [&](const Edge& edge) {
    const bool gone = !wanted(graph.nodes[edge.from]) && !wanted(graph.nodes[edge.to]);
    if (!gone) stays[edge.from] = stays[edge.to] = true;
    return gone;
  });
  std::vector<size_t> place(graph.nodes.size());
  std::vector<Node> nodes;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!stays[i]) continue;
    place[i] = nodes.size();
    nodes.push_back(graph.nodes[i]);
  }
  return moved(kept, std::move(nodes), place);
}

}  // namespace

std::string_view to_text(Gate gate) {
  static constexpr std::string_view kTexts[] = {"open", "rules", "closed", "mixed"};
  return kTexts[static_cast<size_t>(gate)];
}

std::string_view to_text(NodeKind kind) {
  static constexpr std::string_view kTexts[] = {"pods",      "namespaces", "every-pod-of",
                                                "every-pod", "anyone",     "outside"};
  return kTexts[static_cast<size_t>(kind)];
}

std::string Node::title() const {
  switch (kind) {
    case NodeKind::kPods:
      return names.front();
    case NodeKind::kNamespaces:
      return "namespace " + names.front();
    case NodeKind::kEveryPodOf:
      return "every pod of " + ns;
    case NodeKind::kEveryPod:
      return "every pod";
    case NodeKind::kAnyone:
      return names.empty() ? "anyone" : "anyone over " + names.front();
    case NodeKind::kOutside:
      return "outside " + names.front();
  }
  return "";
}

std::vector<std::string> Edge::what() const {
  std::vector<std::string> texts;
  for (const rehearse::Share& share : rehearse::shares_of(traffic))
    texts.push_back(share.protocol == "any"
                        ? "everything"
                        : share.protocol + (share.ports.empty() ? "" : " " + share.ports));
  return texts;
}

Graph graph_of(const model::Cluster& cluster, const Limits& limits) {
  Graph links = links_of(cluster);
  if (!limits.namespaces.empty()) links = only(links, limits.namespaces);
  const auto fits = [&](const Graph& graph) {
    return graph.nodes.size() <= limits.nodes && graph.edges.size() <= limits.edges;
  };
  Graph graph = with_alike_joined(links);
  if (!fits(graph) && !limits.namespaces.empty())
    graph = with_alike_joined(by_namespace(links, limits.namespaces));
  return fits(graph) ? graph : with_alike_joined(by_namespace(links, {}));
}

}  // namespace sluice::picture
