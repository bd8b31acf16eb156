// What of an object a node needs that is not the object's own: less text, and no news where only what nobody asks for
// has changed.
//
// Pure; any thread.
#pragma once

#include "agent/model/cluster.h"

namespace sluice::view {

// A pod of another node that takes part, as a peer: its name, labels, addresses, age, named ports, and who controls it.
// Not what its own node alone asks for, nor whether it is ready or on its way out.
model::Pod as_peer(model::Pod pod);

// Without its selector: its endpoints are those of its EndpointSlices, as an API server has them, and not what a folder
// without slices means (semantics 22).
model::Service without_selector(model::Service service);

}  // namespace sluice::view
