// classify_interfaces(): whose this node's interfaces are, as far as that can be known.
//
// Laws:
//  1. What is enforced stays enforced until it is certain that no pod is behind it.
//  2. An interface that carries our programs lets go of them only in two cases: the interface is
//     gone; or the namespace behind it was looked into, has addresses of finished pods alone
//     (semantics 2), and no CNI plugin announced the interface. An announced pod that is not
//     known yet may have got such an address.
//  3. Where the namespace behind an interface cannot be seen, or has no address at all, the pod
//     of the endpoint in force there keeps the interface as long as it has a Pod object. A
//     namespace cannot be seen where its directory is the wrong one, where it cannot be entered,
//     or where it lost its name.
//  4. Without such a Pod object, and where the namespace's addresses are of no Pod object, the
//     interface is of a pod that is not known (semantics 25): it gets programs and no endpoint.
//  5. Law 4 holds of an interface without our programs too, if its address lies in spec.podCIDRs
//     of this node's Node object, or if a CNI plugin announced the interface. Any other namespace
//     is taken for no pod's and left alone.
//  6. With `closes_new`, law 4 holds of every interface behind which a pod may be (may_be_pods()),
//     whatever its address.
//  7. An interface of which nothing but `held` says that a pod may be behind it is let go once
//     every namespace was looked into, and it leads into none of them.
//  8. Everything that is not as it should be is a line.
//
// Pure; any thread.
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
  std::vector<net::Cidr> pod_cidrs;  // of this node's Node object
  const image::Image& in_force;
  std::set<uint32_t> carrying;   // interfaces that carry our programs, by whichever agent
  bool closes_new = false;       // --new-interfaces closed
  std::set<uint32_t> held = {};  // of `carrying`: they got programs before anything was known of them
};

// The interfaces behind which a pod may be: veths into a namespace of --netns-dir, and while one of these cannot be
// looked into, veths into any other namespace. Never: what is no veth, or has both ends on the node.
std::set<uint32_t> may_be_pods(const endpoint::Discovery& discovery);

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
