// The rules that hold for a pod, with the names that people know them by, and whom they match. Read from the policies,
// not from rule sets and identities: a rule set that allows everyone everything keeps no other rule, and identities then
// know of no other peers. Pure functions.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/compile/compilation.h"
#include "agent/model/isolation.h"

namespace sluice::compile::why {

// One rule that holds for a pod.
using RuleKey = std::pair<model::ObjectName, size_t>;  // policy and index; of a tier "Admin/policy"
struct NamedRule {
  RuleKey key;
  std::string name;  // "namespace/policy:egress[0]"
  bool everyone = false;
  PeerSet peers;
  PortSpec ports;  // of ingress rules already resolved
};

// A rule of a ClusterNetworkPolicy whose subject the pod is.
struct NamedTierRule {
  RuleKey key;
  std::string name;  // "Admin/policy:egress[0]"
  model::Tier tier = model::Tier::kAdmin;
  model::Action action = model::Action::kDeny;
  bool everyone = false;
  PeerSet peers;
  PortSpec ports;  // of ingress rules already resolved
};

// The far end as rules see it; group is nullptr where it is no pod.
struct Peer {
  net::Ip ip;
  const Group* group = nullptr;
};

// What a packet goes to, as one of its faces (semantics 67).
struct FacedPeer {
  Peer peer;
  net::Protocol protocol;
  net::Port port;
  bool written = true;  // the address that the pod wrote, which alone has names (semantics 74)
};

std::vector<NamedRule> rules_for(const model::Cluster& cluster, const GroupKey& group,
                                 model::Direction direction,
                                 model::Policies which = model::Policies::kEnforced);
// In their order. Rules that match nothing are left out.
std::vector<NamedTierRule> tier_rules_for(const model::Cluster& cluster, const GroupKey& group,
                                          model::Direction direction);
Peer peer_at(const Compilation& compilation, const net::Ip& ip);
// Which of the rules allow the connection with this peer: indices.
std::set<size_t> allowing(const Compilation& compilation, const std::vector<NamedRule>& rules,
                          const Peer& peer, net::Protocol protocol, net::Port port);
// Does the rule match a packet of this face? nullptr: it has none.
bool matches(const Compilation& compilation, const NamedTierRule& rule, const FacedPeer* face);
// Would it, had the address one of the rule's names?
bool matches_by_some_name(const NamedTierRule& rule, const FacedPeer& face);
// The names of the address by which the rule matches a packet of this face that it does not match otherwise; sorted.
std::set<std::string> names_needed(const Compilation& compilation, const NamedTierRule& rule,
                                   const FacedPeer& face);

}  // namespace sluice::compile::why
