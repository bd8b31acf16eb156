// interfaces(): whose this node's interfaces are, as far as can be announced. Pure.
//
// Laws: what is enforced stays enforced until it is certain that no pod is behind it. An interface that
// carries our programs lets go of them only when it is gone, or when the namespace behind it was looked into
// and has addresses of finished pods alone (semantics 2), and no CNI plugin announced of it: a announced pod that is
// not known yet may have got such an address. Where the namespace behind an interface is not to be seen (the
// wrong directory of namespaces, one that cannot be entered or lost its name), or where it has no address at
// all, the pod that an endpoint in force has there is kept on it as long as there is a Pod object; without
// one, and where a namespace's addresses are of no Pod object, it is a pod that is not known (semantics 25):
// programs, but no endpoint. The same holds of a namespace that never was a pod's if its address lies in the
// Node's own spec.podCIDRs, or if a CNI plugin announced of its interface; any other namespace is taken for no pod
// and left alone. Everything that is not as it should be is a line. Any thread.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "agent/endpoint/match.h"
#include "agent/image/image.h"

namespace sluice::node {

struct InterfacesInput {
  const endpoint::Discovery& discovery;
  const model::Cluster& cluster;  // its pods
  std::string node_name;
  std::vector<net::Cidr> pod_cidrs;  // of this node's Reconciler object
  const image::Image& in_force;
  std::set<uint32_t> carrying;  // interfaces that carry our programs, by whichever agent
};

struct Interfaces {
  std::vector<endpoint::LocalPod> pods;  // found or kept; by name, then as match() has them
  std::set<uint32_t> unknown;            // interfaces of pods that are not known
  std::vector<std::string> kept;         // one line for each interface whose namespace is not to be seen
  std::vector<std::string> missing;      // one line for each pod of this node that is not found, bounded
  std::vector<std::string> problems;     // one line each, those of `kept` and `missing` too
  std::vector<std::string> warnings;     // one line each
  size_t pods_without_namespace = 0, namespaces_without_pod = 0;
};

Interfaces classify_interfaces(const InterfacesInput& input);

}  // namespace sluice::node
