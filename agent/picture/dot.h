// Dot: a graph as DOT, the text that graphviz reads. Each node and edge carries the id that the page's data has, "n3" or
// "e7", and classes that say what it is; the colours in it are those of a light page.
//
// Pure: same graph, same bytes. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "agent/picture/graph.h"

namespace sluice::picture {

// Where the texts of arrows stand: laid out with the rest, or put beside the arrows when all else has its place.
enum class EdgeTexts : uint8_t { kLaidOut, kBeside };

std::string to_dot(const Graph& graph, EdgeTexts texts = EdgeTexts::kLaidOut);

}  // namespace sluice::picture
