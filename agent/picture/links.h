// Links: the graph of a cluster before anything of it is joined: a node a class of pods. Private to the room; graph.h
// has the laws.
#pragma once

#include "agent/picture/graph.h"

namespace sluice::picture {

Graph links_of(const model::Cluster& cluster);

}  // namespace sluice::picture
