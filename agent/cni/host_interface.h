// Which interface of this node is the other end of a pod's.
//
// Laws:
//  1. The pod's namespace is asked first: a veth's end names its other end by index and
//     namespace, and nothing that a plugin wrote can be wrong about that.
//  2. Where that namespace cannot be asked, the one veth among the interfaces of prevResult
//     counts.
//
// Bounded waits (endpoint::kReplyDeadline). The calling thread stays in its namespace, which is
// the node's. Source: rtnetlink(7), IFLA_LINK and IFLA_LINK_NETNSID.
#pragma once

#include <string>
#include <vector>

#include "agent/base/result.h"

namespace sluice::cni {

// A pod's interface as the runtime names it.
struct PodInterface {
  std::string netns, ifname;       // of the pod
  std::vector<std::string> named;  // interfaces of this node that prevResult names
};

base::Result<std::string> host_interface(const PodInterface& pod);

}  // namespace sluice::cni
