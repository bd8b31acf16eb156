// plan(): what a lab for this cluster consists of, as a value.
//
// Law: names come from manifests and go into paths and interface names, so they are checked here,
// once: lower case letters, digits, "-" and "." only, bounded; and no two hosts share a namespace
// name, an interface name or an address.
//
// Pure.
#pragma once

#include <string>
#include <vector>

#include "agent/lab/lab.h"

namespace sluice::lab {

inline constexpr char kBridgeName[] = "sluice-lab";
inline constexpr char kPodInterface[] = "eth0";
inline constexpr size_t kLongestFileName = 255;  // NAME_MAX, linux/limits.h

// Pods by name, then outside hosts in the order given.
base::Result<std::vector<Host>> plan(const model::Cluster& cluster, const std::vector<Outside>& outside);

// "slc" and 12 hex digits: 15 characters, all that IFNAMSIZ leaves.
std::string host_interface_name(const std::string& netns);

}  // namespace sluice::lab
