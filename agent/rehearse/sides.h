// Sides: what one end's policies let through with another, all ports at once, from the decoded policies
// (semantics 6 to 16, 42 to 58). What a node adds (its own addresses, Services) is not looked at.
//
// Pure; the Cluster must outlive it unchanged. Any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/model/cluster.h"
#include "agent/rehearse/tiers.h"

namespace sluice::rehearse {

class Sides {
 public:
  explicit Sides(const model::Cluster& cluster) : cluster_(cluster), tiers_(cluster) {}

  // "namespace/policy", sorted; empty: no NetworkPolicy isolates it.
  std::vector<std::string> isolating(const model::Pod& pod, model::Direction direction) const;
  // Everything where nothing decides.
  Traffic traffic(const model::Pod& pod, model::Direction direction, const Peer& peer) const;
  // The rules that let any of `wanted` through: "namespace/policy:ingress[0]", "Admin/policy:ingress[0]", sorted; none
  // where nobody decides.
  std::vector<std::string> rules(const model::Pod& pod, model::Direction direction, const Peer& peer,
                                 const Traffic& wanted) const;
  // The rules of ClusterNetworkPolicies that deny any of `wanted`, sorted; it keeps what NetworkPolicies deny of it.
  std::vector<std::string> denying(const model::Pod& pod, model::Direction direction, const Peer& peer,
                                   Traffic& wanted) const;
  const Tiers& tiers() const { return tiers_; }

 private:
  using Policies = std::vector<const model::NetworkPolicy*>;
  Policies policies_of(const model::Pod& pod, model::Direction direction) const;
  bool meets(const model::Rule& rule, const std::string& policy_namespace, const Peer& peer) const;

  // Calls say(rule's name, its action, what of the connection it decides) for each, and for what NetworkPolicies deny.
  template <typename Say>
  void decide(const model::Pod& pod, model::Direction direction, const Peer& peer, const Say& say) const;

  const model::Cluster& cluster_;
  const Tiers tiers_;
};

}  // namespace sluice::rehearse
