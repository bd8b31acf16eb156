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

struct Place {
  std::string netns, ifname;      // of the pod
  std::vector<std::string> told;  // interfaces of this node that prevResult names
};

base::Result<std::string> host_interface(const Place& place);

}  // namespace sluice::cni
