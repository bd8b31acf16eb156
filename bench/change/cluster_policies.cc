// The ClusterNetworkPolicies of a cluster to measure: each of the largest size that the API allows.
#include "bench/change/cluster.h"

#include <array>
#include <set>

namespace sluice::bench {

using model::ClusterPeer;
using model::LabelSelector;
using model::Operator;
using model::Requirement;

namespace {

constexpr uint32_t kMost = 25;         // of rules a direction, peers and protocols a rule, networks a peer
constexpr uint32_t kNetworks = 4'096;  // that there are: administrators name the same ones again and again

LabelSelector labelled(const char* key, const char* value, uint32_t number) {
  return {{Requirement{key, Operator::kIn, {value + std::to_string(number)}}}};
}

model::Action action_of(uint32_t rule) {
  constexpr model::Action kActions[] = {model::Action::kDeny, model::Action::kAccept, model::Action::kPass};
  return kActions[rule % 3];
}

net::Cidr network(uint32_t number) {
  const uint32_t n = number % kNetworks;
  const std::array<uint8_t, 4> base = {198, static_cast<uint8_t>(16 + (n >> 8)), static_cast<uint8_t>(n), 0};
  return net::Cidr::of(net::Ip::from_bytes(base).value(), 24).value();
}

ClusterPeer networks(uint32_t first) {
  std::set<net::Cidr> cidrs;
  for (uint32_t i = 0; i < kMost; ++i) cidrs.insert(network(first + i * 163));
  return model::NetworksPeer{std::vector<net::Cidr>(cidrs.begin(), cidrs.end())};
}

// Of a role in a team, an app in a namespace; on egress every fifth is networks and one the nodes.
ClusterPeer peer(uint32_t salt, uint32_t number, bool egress) {
  if (egress && number % 5 == 4) return networks(salt * 31 + number);
  if (egress && number == 0) return model::NodesPeer{labelled("pool", "pool-", salt % 4)};
  if (number % 2 == 0)
    return model::PodsPeer{labelled("team", "team-", (salt + number) % kTeams),
                           labelled("role", "role-", salt % kRoles)};
  return model::PodsPeer{labelled(model::kNamespaceNameLabel, "ns-", salt * 7 + number),
                         labelled("app", "app-", number % kApps)};
}

model::ClusterRule rule(uint32_t salt, uint32_t number, bool egress) {
  model::ClusterRule made;
  made.action = action_of(number);
  for (uint32_t i = 0; i < kMost; ++i) made.peers.push_back(peer(salt + number, i, egress));
  for (uint32_t i = 0; i < kMost; ++i) {
    const auto port = net::Port::from_host(static_cast<uint16_t>(7'900 + 10 * number + 13 * i));
    made.protocols.push_back(
        model::ProtocolPorts{i % 4 == 3 ? net::kUdp : net::kTcp, net::PortRange::one(port)});
  }
  return made;
}

}  // namespace

model::ClusterNetworkPolicy cluster_policy_at(uint32_t number) {
  model::ClusterNetworkPolicy policy;
  policy.name = {"", "cluster-policy-" + std::to_string(number)};
  policy.tier = number % 2 == 0 ? model::Tier::kAdmin : model::Tier::kBaseline;
  policy.priority = number / 2 % 1001;
  policy.subject.namespaces = labelled("team", "team-", number / 2 % kTeams);
  for (uint32_t i = 0; i < kMost; ++i) {
    policy.ingress.push_back(rule(number, i, false));
    policy.egress.push_back(rule(number, i, true));
  }
  return policy;
}

}  // namespace sluice::bench
