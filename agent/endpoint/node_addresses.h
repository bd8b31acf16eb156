// Which addresses are the node's own (semantics 17): those of every interface of the calling
// thread's namespace.
//
// Laws:
//  1. Loopback addresses (127/8, ::1) are left out: no packet between a pod and its node carries
//     one.
//  2. Link-local ones of the interfaces towards the pods are kept: a pod talks to its gateway
//     with them.
#pragma once

#include <vector>

#include "agent/base/result.h"
#include "agent/net/ip.h"

namespace sluice::endpoint {

// Sorted, unique.
base::Result<std::vector<net::Ip>> node_addresses();

}  // namespace sluice::endpoint
