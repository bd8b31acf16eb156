// Workload: the thing that people wrote and a pod came of, "deployment/web". Pure.
#pragma once

#include <string>

#include "agent/model/objects.h"

namespace sluice::observe {

// By its ownerReference (model::workload_of()), else by the labels that controllers put on their pods; empty where none
// tells.
std::string workload_of(const model::Pod& pod);

}  // namespace sluice::observe
