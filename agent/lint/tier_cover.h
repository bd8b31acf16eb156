// Which rules of ClusterNetworkPolicies match all that another matches, or something of it. Private to agent/lint.
//
// Laws:
//  1. covers(): "yes" holds whatever pods and nodes come, of the address families that there are; "no" may be wrong.
//  2. may_meet(): "no" holds for the pods and nodes that are there; "yes" may be wrong of ports by name, and
//     of names of domains.
#pragma once

#include <array>

#include "agent/lint/pods.h"

namespace sluice::lint {

class TierCover {
 public:
  TierCover(const model::Cluster& cluster, Pods& pods);

  bool covers(const model::PodsPeer& wide, const model::PodsPeer& narrow) const;
  bool covers(const model::ClusterRule& wide, const model::ClusterRule& narrow) const;
  bool may_meet(const model::PodsPeer& a, const model::PodsPeer& b);
  bool may_meet(const model::ClusterRule& a, const model::ClusterRule& b);

 private:
  bool covers_peer(const model::ClusterRule& wide, const model::ClusterPeer& narrow) const;
  bool is_everything(const model::ClusterRule& rule) const;
  std::vector<net::Ip> addresses_of(const model::ClusterPeer& peer);
  bool may_meet(const model::ClusterPeer& a, const model::ClusterPeer& b);

  const model::Cluster& cluster_;
  Pods& pods_;
  std::array<bool, 2> families_{};  // that pods and nodes here have: IPv4, IPv6; both where none has any
};

}  // namespace sluice::lint
