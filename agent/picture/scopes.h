// Scopes: the rules of one direction of a pod by whom they are meant for: wide ones, for everybody or whole
// namespaces, and those for particular peers. Private to the room.
//
// Pure; the Cluster must outlive it unchanged. Any thread.
#pragma once

#include <map>
#include <set>

#include "agent/rehearse/sides.h"

namespace sluice::picture {

// Whom a wide rule is for.
struct Scope {
  enum Kind : uint8_t { kAnyone, kAnyoneIpv4, kAnyoneIpv6, kEveryPod, kEveryPodOf };
  Kind kind = kAnyone;
  std::string ns = {};  // of kEveryPodOf
  auto operator<=>(const Scope&) const = default;

  bool holds(const rehearse::Peer& peer) const;
};

// A rule that is for a peer of its own; null: for everybody, at ports that each destination names for itself.
struct Narrow {
  const model::NetworkPolicy* policy = nullptr;
  const model::Rule* rule = nullptr;
  const model::Peer* peer = nullptr;
};

struct Scopes {
  bool isolated = false;
  std::map<Scope, rehearse::Traffic> wide;
  std::map<Scope, std::set<std::string>> rules;  // of each wide one
  std::vector<Narrow> narrow;

  // What wide rules let through with the peer; everything where nothing isolates.
  rehearse::Traffic open_to(const rehearse::Peer& peer) const;
  // Of the wide rules of one scope what no wider scope has.
  rehearse::Traffic own(const Scope& scope) const;
};

// Namespaces that have pods.
struct Namespaces {
  std::vector<std::string> all;
  std::set<std::string> whole;  // those that get a scope of their own
};

// The policies are those that isolate the pod in the direction.
Scopes scopes_of(const model::Cluster& cluster, const model::Pod& pod, model::Direction direction,
                 const std::vector<const model::NetworkPolicy*>& policies, const Namespaces& namespaces);

}  // namespace sluice::picture
