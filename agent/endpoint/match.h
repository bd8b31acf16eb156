// match(): which pods of the cluster are here, and on which interface. Pure.
//
// Laws: a pod is local by its address, not by spec.nodeName: what holds the address is here. An address
// belongs to the pod that model::PodAddresses names (semantics 2). An interface that a CNI plugin announced of is
// the announced pod's or, until that is known and has an address there, nobody's: a pod that gives itself
// another's address gets nothing of that one's. Where a pod's addresses are on several interfaces, the one
// that was announced of gets its policies, else the one on which they are in force, else the first by number; the
// others are the pod's as well, but of a pod that is not known yet (semantics 25), so that none of them stays
// open, and a problem line says so. Where one interface of which nobody announced holds addresses of two pods, it
// is the one's whose policies are in force on it, else the one's created last (then the one whose name sorts
// last), and a problem line says so. What belongs to no pod that takes part is announced apart: a finished pod's,
// or nobody's that is known. Same input in any order, same output. Any thread.
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
  std::vector<Found> unknown;       // addresses of no Pod object
  std::vector<Found> unmatched;       // announced of, and the announced pod is not known, or has no address there
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
