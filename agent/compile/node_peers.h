// NodePeers: which live peer sets hold an address because it is a node's (semantics 52).
//
// Laws:
//  1. After refresh(), at(ip) names exactly the live peer sets with a selector that matches a node that
//     has the address and, at this node's own addresses, those of the own node.
//  2. This node's own addresses are those of its interfaces too.
//
// Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/compile/peers.h"

namespace sluice::compile {

class NodePeers {
 public:
  // `own`: this node's name, empty where it has none.
  NodePeers(const model::Cluster& cluster, const std::string& own) : cluster_(cluster), own_{"", own} {}

  void node_changed(const model::ObjectName& name) { stale_.insert(name); }  // also where it came or went
  void set_own_addresses(const std::set<net::Ip>& addresses);
  void peers_changed(const PeerIndex::Changes& changes);

  // The addresses whose peer sets changed.
  std::vector<net::Ip> refresh();

  // Sorted, unique; nullptr where it is none.
  const std::vector<PeerSetId>* at(const net::Ip& ip) const;
  // Those that have any, for PrefixTree::for_each_in.
  const std::map<net::Ip, std::vector<PeerSetId>>& addresses() const { return at_; }

 private:
  std::set<net::Ip> addresses_of(const model::ObjectName& node) const;
  std::vector<PeerSetId> peers_of(const model::ObjectName& node) const;

  struct Stated {
    std::set<net::Ip> addresses;
    std::vector<PeerSetId> peers;  // sorted
    bool operator==(const Stated&) const = default;
  };

  const model::Cluster& cluster_;
  const model::ObjectName own_;
  std::set<net::Ip> own_addresses_;
  std::map<PeerSetId, std::shared_ptr<const PeerSet>> live_;  // those that may hold a node's address
  std::set<model::ObjectName> stale_;
  std::map<model::ObjectName, Stated> stated_;             // nodes that some peer set holds
  std::map<net::Ip, std::set<model::ObjectName>> owners_;  // of addresses in stated_
  std::map<net::Ip, std::vector<PeerSetId>> at_;
};

}  // namespace sluice::compile
