// Arithmetic of prefixes, and which addresses are the cluster's. Private to the room.
#pragma once

#include "agent/convert/input.h"

namespace sluice::convert {

// Prefixes that hold what is in `cidr` and in none of `holes`; sorted, none inside another.
std::vector<net::Cidr> without(const net::Cidr& cidr, const std::vector<net::Cidr>& holes);

// What is known of the cluster that policies come from.
struct Cluster {
  std::vector<net::Cidr> own;    // pods and nodes; sorted, unique
  std::vector<net::Cidr> nodes;  // their addresses, of Node objects; sorted, unique
  bool knows_own = false;        // all of them: said, or Nodes with pod CIDRs are there
  bool knows_nodes = false;      // Nodes are there
  model::Cluster objects;
};
Cluster cluster_of(const Input& input, const std::vector<net::Cidr>& said);

// The block without the cluster's own addresses; none where nothing is left.
std::vector<model::IpBlock> outside_block(const Cluster& cluster, model::IpBlock block);

}  // namespace sluice::convert
