// The three engines of `sluicectl eval` and `matrix`, by name.
#pragma once

#include <memory>
#include <string>

#include "agent/engine/engine.h"

namespace sluice::apps::ctl {

inline constexpr const char* kEngineNames[] = {"native", "bpf", "reference"};

// `name` is one of kEngineNames; the Cluster must outlive the engine.
std::unique_ptr<engine::Engine> make_engine(const std::string& name, const model::Cluster& cluster);

}  // namespace sluice::apps::ctl
