// Tiered scopes: as scopes.h, of a side that ClusterNetworkPolicies speak of. What their rules together leave is no sum
// of rules, so it is asked for of everybody there is, and of strangers. Private to the room.
//
// Laws:
//  1. A scope is wide where all of its members that are there, and a pod that nobody knows yet, are let through alike.
//  2. Where no rule denies anybody anything it is as if there were none.
//
// Pure; the Cluster must outlive it unchanged. Any thread.
#pragma once

#include "agent/picture/scopes.h"
#include "agent/rehearse/ends.h"

namespace sluice::picture {

struct TieredScopes {
  Scopes scopes;                      // without narrow rules
  std::vector<size_t> pods, regions;  // those that it lets through what no wide scope does: indices in Ends
  std::vector<std::string> denying;  // ClusterNetworkPolicies that deny somebody something: "Admin/x"; sorted
};

TieredScopes tiered_scopes_of(const rehearse::Sides& sides, const rehearse::Ends& ends, size_t own,
                              model::Direction direction, const Namespaces& namespaces);

}  // namespace sluice::picture
