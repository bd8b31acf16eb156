// Graphviz, as a library: DOT in, SVG out. It is loaded when it is asked for, since it brings half a desktop with it and
// a node has no use for it: whoever draws installs it.
#pragma once

#include <string>

#include "agent/base/result.h"

namespace sluice::picture {

// The layout engine is graphviz' dot. An error says that graphviz is not there, that it refused, or that it went down.
base::Result<std::string> svg_of(const std::string& dot);

}  // namespace sluice::picture
