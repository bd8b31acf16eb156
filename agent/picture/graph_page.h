// The page of a graph: its SVG, and a click or Enter on a node or an edge shows the rules and the policies' YAML.
//
// Pure; any thread.
#pragma once

#include "agent/picture/graph.h"
#include "agent/picture/page.h"

namespace sluice::picture {

// `svg` is what graphviz made of to_dot(graph): trusted markup, whose texts it escaped.
Page graph_page(const Graph& graph, const std::string& svg, const model::Cluster& cluster);

}  // namespace sluice::picture
