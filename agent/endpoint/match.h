// match(): which pods of the cluster are here, and on which interface. Pure.
//
// Laws: a pod is local by its address, not by spec.nodeName: what holds the address is here. An address
// belongs to the pod that model::PodAddresses names (semantics 2). Where two namespaces hold one address,
// both interfaces are the pod's, so that none of them stays open, and a problem line says so. Where one
// interface holds addresses of two pods, it is the one's created last (then the one whose name sorts last),
// and a problem line says so. Same input in any order, same output. Any thread.
#pragma once

#include <string>
#include <vector>

#include "agent/endpoint/discover.h"
#include "agent/model/cluster.h"

namespace sluice::endpoint {

// One interface of one pod.
struct LocalPod {
  model::ObjectName name;
  std::string uid;
  int host_ifindex = 0;
  std::string host_ifname;
  std::string netns;
  std::vector<net::Ip> addresses;  // the pod's own that this interface carries; sorted
  bool operator==(const LocalPod&) const = default;
};

struct Matching {
  std::vector<LocalPod> pods;         // by name, then host_ifindex
  std::vector<std::string> problems;  // one line each
};

Matching match(const std::vector<Found>& found, const model::Cluster& cluster);

}  // namespace sluice::endpoint
