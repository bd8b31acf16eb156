// Inputs: what a node's policy is made from, as it is known now (objects, interfaces and the
// namespaces behind them, announced endpoints, node addresses), and which of it no compiler has
// seen yet.
//
// Laws:
//  1. Inputs are complete once the objects, the interfaces and the node's addresses were each
//     read whole once.
//  2. What equals what is known is no change.
//  3. A change leaves by drain(), once.
//
// Pure; one thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/endpoint/match.h"
#include "agent/model/cluster.h"
#include "agent/model/probe.h"
#include "agent/node/announced.h"

namespace sluice::node {

// What a source of objects says. problems and warnings are all that hold now, one line each, not only new ones.
struct ObjectNews {
  std::vector<model::Change> changes;
  bool complete = true;  // false: a first reading is still under way
  std::vector<std::string> problems, warnings;
  std::map<std::string, size_t> ignored_kinds;
};

class Inputs {
 public:
  explicit Inputs(std::string node_name) : node_name_(std::move(node_name)), overlay_(node_name_) {}

  // `compiled`: the objects that the compiler has; `here`: the pods of this node, by name.
  void set_objects(ObjectNews news, const model::Cluster& compiled,
                   const std::vector<endpoint::LocalPod>& here);
  // Objects that begin or end to count; what their source said last stays.
  void change_objects(std::vector<model::Change> changes, const model::Cluster& compiled,
                      const std::vector<endpoint::LocalPod>& here);
  // These two return the discovery() before, where it is another now.
  std::optional<endpoint::Discovery> set_announced(Announced announced, const model::Cluster& compiled,
                                                   const std::vector<endpoint::LocalPod>& here);
  std::optional<endpoint::Discovery> set_discovery(endpoint::Discovery discovery);
  void set_node_addresses(std::vector<net::Ip> addresses);

  bool complete() const { return objects_complete_ && discovered_ && addressed_; }
  bool objects_complete() const { return objects_complete_; }
  bool discovered() const { return discovered_; }
  // Something changed that no compiler has seen.
  bool changed() const;
  // "3 objects, endpoints"; "" where nothing changed.
  std::string describe_change() const;

  struct Change {
    std::vector<model::Change> objects;
    bool endpoints = false;  // which pods are here, or where, may have changed
    std::optional<std::vector<net::Ip>> node_addresses;
  };
  Change drain();

  const ObjectNews& news() const { return news_; }  // the last, without its changes
  const Announced& announced() const { return announced_; }
  const endpoint::Discovery& discovery() const { return discovery_; }  // announced endpoints too
  const model::Cluster& pods() const { return pods_; }  // without labels and ports: for matching
  const std::vector<net::Cidr>& pod_cidrs() const { return pod_cidrs_; }  // of this node's Node object
  // "namespace/pod" that has the address, or "".
  std::string pod_of(const net::Ip& address);

 private:
  void add(std::vector<model::Change> changes, const model::Cluster& compiled,
           const std::vector<endpoint::LocalPod>& here);
  void add_pod(const model::Change& change, const std::vector<endpoint::LocalPod>& here);
  void add_node(const model::Change& change);
  std::optional<endpoint::Discovery> note_discovery();

  const std::string node_name_;
  AddressOverlay overlay_;
  bool objects_complete_ = false, discovered_ = false, addressed_ = false;
  // Of all changes since the last drain().
  bool first_objects_ = false, pods_changed_ = false, discovery_changed_ = false;
  std::vector<model::Change> changes_;
  std::optional<std::vector<net::Ip>> new_addresses_;

  ObjectNews news_;
  Announced announced_;
  endpoint::Discovery discovered_here_, discovery_;  // without the announced endpoints, and with them
  std::set<net::Ip> addresses_here_;                 // of discovery_
  model::Cluster pods_;
  std::vector<net::Cidr> pod_cidrs_;
  std::optional<model::PodAddresses> owners_;  // of pods_
};

}  // namespace sluice::node
