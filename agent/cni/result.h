// The result of the plugins before ours: what it says about the pod's interface, and its spelling
// in another version.
//
// Laws:
//  1. What we do not know in it stays as it is.
//  2. Only cniVersion, and ips[].version that 1.0.0 took away, are touched, and only where the
//     versions differ.
//
// Values; any thread. Source: CNI SPEC.md, "Success" (0.3.1: "Result").
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/cni/spec.h"
#include "agent/net/ip.h"

namespace sluice::cni {

struct Attachment {
  std::vector<std::string> host_interfaces;  // those without a sandbox: on the node; bridges too
  std::vector<net::Ip> addresses;            // of the interface asked for, and those that name no interface
};

// Where the result has no version it is read as one of `otherwise`.
base::Result<Version> result_version(const boost::json::object& result, Version otherwise);
base::Result<Attachment> read_result(const boost::json::object& result, std::string_view ifname);
boost::json::object in_version(boost::json::object result, Version version);

}  // namespace sluice::cni
