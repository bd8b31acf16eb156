// Tiers: what ClusterNetworkPolicies decide of one side of a pod, all ports at once (semantics 42 to 58).
//
// Pure; the Cluster must outlive it unchanged. Any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/model/tiers.h"
#include "agent/rehearse/traffic.h"

namespace sluice::rehearse {

// The far end: a pod with the address it is met at, or an address outside.
struct Peer {
  const model::Pod* pod = nullptr;
  net::Ip ip;
};

// Whose container ports the names in a rule of this pod mean; nullptr: no pod's.
inline const model::Pod* destination_of(const model::Pod& pod, model::Direction direction, const Peer& peer) {
  return direction == model::Direction::kIngress ? &pod : peer.pod;
}

class Tiers {
 public:
  // A rule, and that of which it is the first to say anything.
  struct Said {
    std::string rule;  // "Admin/policy:egress[0]"
    model::Action action = model::Action::kPass;
    Traffic traffic;
  };

  explicit Tiers(const model::Cluster& cluster);

  // Those that list rules for the direction, in order.
  std::vector<const model::ClusterNetworkPolicy*> of(const model::Pod& pod, model::Direction direction) const;
  // What a tier's rules say of `open`, in their order; `open` keeps what none of them accepts or denies.
  std::vector<Said> ask(const model::Pod& pod, model::Direction direction, model::Tier tier, const Peer& peer,
                        Traffic& open) const;

 private:
  bool meets(const model::ClusterRule& rule, const Peer& peer) const;
  bool is_named(const model::DomainNamesPeer& peer, const net::Ip& ip) const;

  const model::Cluster& cluster_;
  std::map<std::string, std::vector<const model::ClusterNetworkPolicy*>>
      by_namespace_;  // of pods that are there
  std::map<net::Ip, std::vector<const model::Node*>> nodes_;
  std::map<net::Ip, std::vector<std::string_view>> names_;  // of addresses, as the Cluster resolves them
};

}  // namespace sluice::rehearse
