// match(): which pods of the cluster are here, and on which interface.
//
// Laws:
//  1. A pod is local by its address, not by spec.nodeName: what holds the address is here. An
//     address belongs to the pod that model::PodAddresses names (semantics 2).
//  2. An interface that a CNI plugin announced belongs to the announced pod, or to nobody until
//     that pod is known and has an address there. So a pod that gives itself another's address
//     gets nothing of that pod's.
//  3. Where a pod's addresses are on several interfaces, its policies go to the announced one;
//     else to the one on which they are in force; else to the first by number.
//  4. The pod's other interfaces count as a pod's that is not known (semantics 25), so that none
//     of them stays open, and a problem line says so.
//  5. Where one interface that nobody announced holds addresses of two pods, it belongs to the
//     pod whose policies are in force on it; else to the one created last; else to the one whose
//     name sorts last. A problem line says so.
//  6. What belongs to no pod that takes part is listed apart, as a finished pod's or as nobody's
//     that is known.
//  7. The same input in any order gives the same output.
//
// Pure; any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/endpoint/discover.h"
#include "agent/model/cluster.h"

namespace sluice::endpoint {

// Why an interface is taken for a pod's: the surest first.
enum class Claim { kAnnounced, kInForce, kAddress };

// One interface of one pod.
struct LocalPod {
  model::ObjectName name;
  std::string uid;
  int host_ifindex = 0;
  std::string host_ifname;
  std::string netns;
  std::vector<net::Ip> addresses;  // the pod's own that this interface carries; sorted
  Claim claim = Claim::kAddress;
  bool operator==(const LocalPod&) const = default;
};

struct Matching {
  std::vector<LocalPod> pods;         // by name, then claim, then host_ifindex
  std::vector<std::string> problems;  // one line each
  std::vector<Found> finished;        // addresses only of Pod objects that take no part (semantics 2)
  std::vector<Found> unknown;         // addresses of no Pod object
  std::vector<Found> unmatched;       // announced; the announced pod is not known, or has no address there
};

// Whether a pod's policies are in force on the interface of that number.
using InForce = std::function<bool(int host_ifindex, const model::Pod& pod)>;

Matching match(
    const std::vector<Found>& found, const model::Cluster& cluster,
    const InForce& in_force = [](int, const model::Pod&) { return false; });

// The pods that run on this node by their spec.nodeName, take part, and are not among `local`; by name.
std::vector<const model::Pod*> not_found(const model::Cluster& cluster, const std::string& node_name,
                                         const std::vector<LocalPod>& local);

}  // namespace sluice::endpoint
