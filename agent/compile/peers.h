// PeerIndex: the peer sets that rule sets in force name, and which groups of pods their selectors
// match.
//
// Laws:
//  1. After refresh(), Group::peers of every group holds exactly the live peer sets with a
//     selector that matches the group (semantics 5, 10).
//  2. A peer set lives while a rule set names it.
//  3. Work is per group and per selector that can reach its namespace, never per pod; labels are compared once for each
//     distinct selector.
//
// Not thread-safe.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/compile/pods.h"
#include "agent/compile/selectors.h"

namespace sluice::compile {

class PeerIndex {
 public:
  PeerIndex(const model::Cluster& cluster, PodIndex& pods) : cluster_(cluster), pods_(pods) {}

  // A rule set that names the peer set comes into force or leaves. `names` are the port names by which an
  // egress rule set reaches these peers; 0 stands for everyone and has no content.
  void use(PeerSetId id, const std::shared_ptr<const PeerSet>& content, const std::set<PortName>& names);
  void release(PeerSetId id, const std::set<PortName>& names);

  void namespace_changed(const std::string& ns) {
    changed_namespaces_.insert(ns);
    labels_.erase(ns);
  }
  void group_is_new(Group* group) { stale_.insert(group); }
  void group_goes(Group* group);

  struct Changes {
    std::vector<std::pair<PeerSetId, std::shared_ptr<const PeerSet>>> added,
        removed;                                          // peer sets, id 0 left out
    std::vector<std::shared_ptr<const PeerSet>> renamed;  // peer sets that stay, whose port names changed
    std::vector<Group*> groups;                           // whose pods must be classified anew
  };
  Changes refresh();

  // Do rules for this peer set (0: for everyone) use this name for a port?
  bool names_port(PeerSetId id, const PortName& name) const;
  bool names_port(const PortName& name) const { return names_.contains(name); }  // of any peer set
  // Names the first id that two different contents have; empty while no id has two.
  const std::string& collision() const { return collision_; }
  const PeerSet* content(PeerSetId id) const;  // nullptr where it is not live

 private:
  struct Live;
  // A selector of a peer set, as it is looked up by namespace.
  struct Reach {
    PeerSetId id;
    Live* live = nullptr;
    SelectorTable::Number pods = 0;
  };
  using Reaches = std::vector<Reach>;
  // The same, as its peer set has it: in one namespace, or in those that a selector selects.
  struct Own {
    const std::string* ns = nullptr;  // of `content`; nullptr: `namespaces` counts
    SelectorTable::Number namespaces = 0, pods = 0;
  };
  struct Live {
    std::shared_ptr<const PeerSet> content;  // nullptr for id 0
    size_t uses = 0;
    bool in_use = false, renamed = false;
    std::map<PortName, size_t> names;  // -> how many rule sets use it
    absl::flat_hash_set<Group*> groups;
    std::vector<Own> selectors;
  };

  // Puts its selectors where namespaces are looked up, and takes them out.
  void be_born(PeerSetId id, Live& live);
  void die(PeerSetId id, Live& live);
  void refresh_names(PeerSetId id, Live& live, Changes& changes);
  // Of a namespace, in any order.
  Reaches reaching(const std::string& ns, Matching& matching);
  // What has come, in groups that were there; then groups that are new or whose namespace changed, all.
  using Born = std::pair<PeerSetId, Live*>;
  void match_born(const std::vector<Born>& born);
  void match_stale();
  void match_all(Group& group, const Reaches& reaching, Matching& matching);
  const model::Labels& namespace_labels(const std::string& ns);

  const model::Cluster& cluster_;
  PodIndex& pods_;
  std::unordered_map<PeerSetId, Live> live_;
  SelectorTable selectors_;
  // Selectors of pods: of one namespace, and of those that a selector selects.
  std::unordered_map<std::string, Reaches> bound_to_;
  std::unordered_map<SelectorTable::Number, Reaches> across_;

  std::map<PortName, size_t> names_;  // -> uses in all peer sets

  std::set<PeerSetId> changed_;
  std::set<std::string> changed_namespaces_;
  absl::flat_hash_set<Group*> stale_, touched_;
  std::unordered_map<std::string, model::Labels> labels_;  // of namespaces, as far as asked for
  std::string collision_;
};

}  // namespace sluice::compile
