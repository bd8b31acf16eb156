// Arithmetic of prefixes, and which addresses are the cluster's. Private to the room.
#pragma once

#include "agent/convert/input.h"

namespace sluice::convert {

// Prefixes that hold what is in `cidr` and in none of `holes`; sorted, none inside another.
std::vector<net::Cidr> without(const net::Cidr& cidr, const std::vector<net::Cidr>& holes);

// What is known of the cluster that policies come from.
struct Cluster {
  std::vector<net::Cidr> own;    // pods and nodes: what was said, and of the objects; sorted, unique
  std::vector<net::Cidr> nodes;  // their addresses, of Node objects; sorted, unique
  // Why `own` is not all of them; empty: it is. Only what was said makes it so: Node.spec.podCIDRs bind nobody, and the
  // address management of Cilium and of Calico passes them over.
  std::string why_unknown;
  bool knows_own() const { return why_unknown.empty(); }
  bool knows_nodes = false;  // Nodes are there
  bool is_whole =
      false;  // there is no pod but in `objects`: a namespace without an object has no labels (semantics 5)
  model::Cluster objects;
};
Cluster cluster_of(const Input& input, const std::vector<net::Cidr>& said);

// The block without the cluster's own addresses; none where nothing is left.
std::vector<model::IpBlock> outside_block(const Cluster& cluster, model::IpBlock block);

}  // namespace sluice::convert
