// Models written back as what users write, so that a failure can be fed to sluicectl as it is printed. Pure
// functions.
//
// Law: agent/source reads to_yaml(cluster) back as an equal cluster.
#pragma once

#include <string>

#include "agent/model/probe.h"

namespace sluice::oracle {

// A multi-document manifest, objects by kind and name. The first address of each of a Service's families is
// written as its clusterIP, the others as externalIPs.
std::string to_yaml(const model::Cluster& cluster);

// One line of a probes file, without the line end: {"from": "prod/web-1", "to": "10.0.3.9", ...}.
std::string to_json(const model::Probe& probe);

}  // namespace sluice::oracle
