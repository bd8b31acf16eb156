// PodIndex: pods in groups that no selector can tell apart, and whose an address is.
//
// Laws:
//  1. Two pods are in one group exactly when namespace, labels and container ports are equal. So
//     selectors and port names are looked up once a group.
//  2. An address belongs to the pod that takes part, claims it and was created last (semantics 2;
//     tie: the name that sorts last).
//  3. Pods are known by their place in model::Cluster, which stays the same while an object is
//     replaced; forget() must come before the Cluster drops it.
//
// Not thread-safe.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "agent/compile/content/content.h"

namespace sluice::compile {

using namespace content;

struct GroupKey {
  std::string ns;
  model::Labels labels;
  std::vector<model::ContainerPort> ports;
};

struct Group {
  const GroupKey* key = nullptr;
  std::vector<const model::Pod*> members;  // in any order
  // Kept by PeerIndex: the local peer sets whose selectors match; sorted.
  std::vector<PeerSetId> peers;
  // Kept by AddressTable: identity by the version of the prefix region that the address is in.
  std::unordered_map<uint64_t, IdentityId> identities;
};

class PodIndex {
 private:
  struct Order {
    using is_transparent = void;
    static auto tie(const GroupKey& key) { return std::tie(key.ns, key.labels, key.ports); }
    static auto tie(const model::Pod& pod) { return std::tie(pod.name.ns, pod.labels, pod.ports); }
    bool operator()(const auto& a, const auto& b) const { return tie(a) < tie(b); }
  };
  using Groups = std::map<GroupKey, Group, Order>;
  struct Known {
    const model::Pod* pod = nullptr;
    Groups::iterator group;
    std::vector<net::Ip> claims;
    int64_t created = 0;
  };

 public:
  using Claims = std::map<net::Ip, std::vector<const Known*>>;  // never empty; the owner first

  // All at once, into an empty index: several times as fast as one by one.
  void learn_all(const std::map<model::ObjectName, model::Pod>& pods);
  // Adds the pod or takes over its new state.
  void learn(const model::Pod& pod);
  void forget(const model::Pod& pod);

  // nullptr where the address is no pod's.
  const model::Pod* owner(const net::Ip& ip) const;
  // The owner's group; nullptr where the address is no pod's.
  Group* group_at(const net::Ip& ip) const;
  // Those that the pod claims and owns, in its order.
  std::vector<net::Ip> owned_by(const model::Pod& pod) const;
  // All that the pod claims; it is known.
  const std::vector<net::Ip>& claimed_by(const model::Pod& pod) const { return known_.at(&pod).claims; }
  // nullptr where the pod is not known.
  Group* group_of(const model::Pod& pod) const;
  // Calls visit(pod) for every pod that claims the address, owner or not.
  template <typename Visit>
  void for_each_claimant(const net::Ip& ip, Visit visit) const {
    if (auto claims = claims_.find(ip); claims != claims_.end())
      for (const Known* known : claims->second) visit(*known->pod);
  }
  // Every address that some pod claims, for PrefixTree::for_each_in.
  const Claims& claims() const { return claims_; }

  template <typename Visit>
  void for_each_group(Visit visit) {
    for (auto& [key, group] : groups_) visit(group);
  }
  template <typename Visit>
  void for_each_group_in(const std::string& ns, Visit visit) {
    auto found = by_namespace_.find(ns);
    if (found == by_namespace_.end()) return;
    for (Group* group : found->second) visit(*group);
  }
  // Calls visit(namespace, its groups) for every namespace that has any.
  template <typename Visit>
  void for_each_namespace(Visit visit) {
    for (const auto& [ns, groups] : by_namespace_) visit(ns, groups);
  }

  // What changed since these were last drained. A group that got its first member is new.
  std::vector<net::Ip> drain_changed_addresses() { return std::exchange(changed_addresses_, {}); }
  std::vector<Group*> drain_new_groups() { return std::exchange(new_groups_, {}); }
  // Groups without members, which drop_empty_groups() is about to delete.
  std::vector<Group*> empty_groups() const;
  void drop_empty_groups();

 private:
  Groups::iterator group_for(const model::Pod& pod);
  void join(const model::Pod& pod, Known& known);
  void leave(const model::Pod& pod, Known& known);
  void claim(const net::Ip& ip, const Known& known);
  void release(Known& known);

  Groups groups_;
  std::map<std::string, std::vector<Group*>> by_namespace_;  // in any order within one; never empty
  std::unordered_map<const model::Pod*, Known> known_;
  Claims claims_;
  std::vector<net::Ip> changed_addresses_;
  std::vector<Group*> new_groups_;
  std::unordered_set<const GroupKey*> emptied_;
};

}  // namespace sluice::compile
