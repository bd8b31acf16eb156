// Sides: what one end's policies let through with another, all ports at once, from the decoded policies
// (semantics 6 to 16). What a node adds (its own addresses, Services) is not looked at.
//
// Pure; the Cluster must outlive it unchanged. Any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/model/cluster.h"
#include "agent/rehearse/traffic.h"

namespace sluice::rehearse {

// The far end: a pod with the address it is met at, or an address outside.
struct Peer {
  const model::Pod* pod = nullptr;
  net::Ip ip;
};

class Sides {
 public:
  explicit Sides(const model::Cluster& cluster) : cluster_(cluster) {}

  // "namespace/policy", sorted; empty: not isolated.
  std::vector<std::string> isolating(const model::Pod& pod, model::Direction direction) const;
  // Everything where nothing isolates the pod.
  Traffic traffic(const model::Pod& pod, model::Direction direction, const Peer& peer) const;
  // The rules that let any of `wanted` through, "namespace/policy:ingress[0]", sorted; none where nothing isolates it.
  std::vector<std::string> rules(const model::Pod& pod, model::Direction direction, const Peer& peer,
                                 const Traffic& wanted) const;

 private:
  using Policies = std::vector<const model::NetworkPolicy*>;
  Policies policies_of(const model::Pod& pod, model::Direction direction) const;
  bool meets(const model::Rule& rule, const std::string& policy_namespace, const Peer& peer) const;

  const model::Cluster& cluster_;
};

}  // namespace sluice::rehearse
