// Dot: a graph as DOT, the text that graphviz reads. Each node and edge carries the id that the page's data has, "n3" or
// "e7", and classes that say what it is; the colours in it are those of a light page.
//
// Pure: same graph, same bytes. Any thread.
#pragma once

#include "agent/picture/graph.h"

namespace sluice::picture {

std::string to_dot(const Graph& graph);

}  // namespace sluice::picture
