// Least: how many map entries have to be written at least, to come from one image to another. Counted from
// the two images alone, not from any plan, so that a plan can be held against it. Pure; any thread.
#pragma once

#include <cstddef>

#include "agent/image/image.h"

namespace sluice::bench {

// What of an image the least depends on besides the difference.
using Portsets = std::map<image::PortsetId, image::Portset>;

// One a key that comes, changes or goes; for a port set that comes its slot, and every single-protocol table
// and every 1,024-port page that no port set had before; for an endpoint one, and one where its interface
// changes; and the one word that brings it all into force.
size_t least_writes(const image::Difference& difference, const Portsets& before, const Portsets& after);

}  // namespace sluice::bench
