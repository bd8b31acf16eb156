#include "agent/picture/dot.h"

#include <map>
#include <set>

namespace sluice::picture {

namespace {

constexpr size_t kNamesShown = 3, kLongestName = 40, kLongestWhat = 36, kAuditsShown = 2;
constexpr size_t kManyEdges = 250;  // where curved edges take more time than they are worth

// Blue, vermilion and amber stay apart for every kind of colour blindness (Okabe and Ito, "Color Universal Design").
struct Paint {
  std::string_view fill, line;
};
Paint paint_of(const Node& node) {
  if (!node.has_gates()) return {"#f2f2f2", "#666666"};
  switch (node.ingress) {
    case Gate::kOpen:
      return {"#fff1cc", "#b36b00"};
    case Gate::kRules:
      return {"#dcecf8", "#0072b2"};
    case Gate::kClosed:
      return {"#f6d5bd", "#a33c00"};
    case Gate::kMixed:
      return {"#ece4f4", "#6a4a8c"};
  }
  return {"", ""};
}

// DOT's quoted string, of plain ASCII: graphviz would read entities and escapes in it.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (c == '&')
      out += "&amp;";
    else
      out += c < 0x20 || c > 0x7e ? '?' : c;
  }
  return out + "\"";
}

// Lines, each in the middle.
std::string label(const std::vector<std::string>& lines) {
  std::string out = "\"";
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string line = quoted(lines[i]);
    out += (i == 0 ? "" : "\\n") + line.substr(1, line.size() - 2);
  }
  return out + "\"";
}

std::string shortened(const std::string& text, size_t longest) {
  if (text.size() <= longest) return text;
  const size_t head = (longest - 2) / 2;
  return text.substr(0, head) + ".." + text.substr(text.size() - (longest - 2 - head));
}

std::string gate_text(Gate gate, const char* direction) {
  switch (gate) {
    case Gate::kOpen:
      return std::string(direction) + " open";
    case Gate::kRules:
      return std::string(direction) + " by rules";
    case Gate::kClosed:
      return std::string(direction) + " closed";
    case Gate::kMixed:
      return std::string(direction) + " mixed";
  }
  return "";
}

std::string counted(size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

bool has_audits(const Node& node) {
  return !node.audits_ingress.empty() || !node.audits_egress.empty();
}

// "in audit: default-deny, api +3", by their names within the namespace.
std::string audit_line(const Node& node) {
  std::set<std::string> policies(node.audits_ingress.begin(), node.audits_ingress.end());
  policies.insert(node.audits_egress.begin(), node.audits_egress.end());
  std::string text = "in audit:";
  size_t shown = 0;
  for (const std::string& policy : policies) {
    if (shown++ == kAuditsShown) return text + " +" + std::to_string(policies.size() - kAuditsShown);
    const bool own = !node.ns.empty() && policy.starts_with(node.ns + "/");
    text +=
        (shown == 1 ? " " : ", ") + shortened(own ? policy.substr(node.ns.size() + 1) : policy, kLongestName);
  }
  return text;
}

std::vector<std::string> node_lines(const Node& node) {
  if (!node.has_gates()) {
    if (node.kind == NodeKind::kEveryPodOf) return {"every pod of", shortened(node.ns, kLongestName)};
    if (node.kind == NodeKind::kAnyone) return {node.title(), "any pod, any address"};
    return {node.title()};
  }
  std::vector<std::string> lines;
  for (size_t i = 0; i < node.names.size() && i < kNamesShown; ++i) {
    const std::string& name = node.names[i];
    const bool own = node.kind == NodeKind::kPods && name.starts_with(node.ns + "/");
    lines.push_back(shortened(own ? name.substr(node.ns.size() + 1) : name, kLongestName));
  }
  if (node.names.size() > kNamesShown) lines.push_back("+" + std::to_string(node.names.size() - kNamesShown));
  if (node.pods > 1) lines.back() += "  (" + counted(node.pods, "pod") + ")";
  if (node.ingress == Gate::kOpen && node.egress == Gate::kOpen)
    lines.emplace_back("unprotected: open to all");
  else if (node.ingress == Gate::kClosed && node.egress == Gate::kClosed)
    lines.emplace_back("closed both ways");
  else
    lines.push_back(gate_text(node.ingress, "in") + ", " + gate_text(node.egress, "out"));
  if (has_audits(node)) lines.push_back(audit_line(node));
  return lines;
}

std::string classes_of(const Node& node) {
  std::string kind(to_text(node.kind));
  if (!node.has_gates()) return kind;
  return kind + " in-" + std::string(to_text(node.ingress)) + " out-" + std::string(to_text(node.egress)) +
         (has_audits(node) ? " audit" : "");
}

std::string node_text(const Graph& graph, size_t i) {
  const Node& node = graph.nodes[i];
  const Paint paint = paint_of(node);
  const bool open = node.has_gates() && node.ingress == Gate::kOpen;
  const bool closed = node.has_gates() && node.ingress == Gate::kClosed;
  std::string text = quoted(node.title()) + " [id=\"n" + std::to_string(i) +
                     "\", class=" + quoted(classes_of(node)) + ", label=" + label(node_lines(node)) +
                     ", fillcolor=\"" + std::string(paint.fill) + "\", color=\"" + std::string(paint.line) +
                     "\"";
  if (!node.has_gates()) text += ", shape=ellipse, style=filled";
  if (has_audits(node))
    text += ", style=\"rounded,filled,dotted\"";
  else if (open)
    text += ", style=\"rounded,filled,dashed\"";
  if (closed) text += ", penwidth=2.5";
  return text + "];\n";
}

std::string edge_text(const Graph& graph, size_t i, EdgeTexts texts) {
  const Edge& edge = graph.edges[i];
  std::vector<std::string> lines;
  for (const std::string& what : edge.what()) lines.push_back(shortened(what, kLongestWhat));
  if (graph.by_namespace && edge.from == edge.to && graph.nodes[edge.from].names.size() > 1)
    lines.insert(lines.begin(), "each within itself:");
  return "  " + quoted(graph.nodes[edge.from].title()) + " -> " + quoted(graph.nodes[edge.to].title()) +
         " [id=\"e" + std::to_string(i) + (texts == EdgeTexts::kBeside ? "\", xlabel=" : "\", label=") +
         label(lines) + "];\n";
}

}  // namespace

std::string to_dot(const Graph& graph, EdgeTexts texts) {
  std::string out =
      "digraph sluice {\n"
      "  graph [rankdir=LR, fontname=\"Helvetica\", fontsize=13, nodesep=0.25, ranksep=0.9, nslimit=2, "
      "nslimit1=2, mclimit=0.5, remincross=false";
  if (graph.edges.size() > kManyEdges) out += ", splines=polyline";
  out +=
      "];\n"
      "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11, "
      "margin=\"0.24,0.06\", "
      "fontcolor=\"#1a1a1a\"];\n"
      "  edge [fontname=\"Helvetica\", fontsize=9, color=\"#555555\", fontcolor=\"#333333\", "
      "arrowsize=0.7];\n";
  std::map<std::string, std::vector<size_t>> boxes;  // by namespace; "": in none
  for (size_t i = 0; i < graph.nodes.size(); ++i) boxes[graph.nodes[i].ns].push_back(i);
  size_t number = 0;
  for (const auto& [ns, nodes] : boxes) {
    const char* indent = ns.empty() ? "  " : "    ";
    if (!ns.empty())
      out += "  subgraph cluster_" + std::to_string(number++) + " {\n    graph [label=" + quoted(ns) +
             ", class=\"ns\", style=rounded, color=\"#999999\", margin=12];\n";
    for (const size_t i : nodes) out += indent + node_text(graph, i);
    if (!ns.empty()) out += "  }\n";
  }
  for (size_t i = 0; i < graph.edges.size(); ++i) out += edge_text(graph, i, texts);
  return out + "}\n";
}

}  // namespace sluice::picture
