// Compilation: a cluster seen from one node, indexed so that a change costs what it touches, and
// the image of it. docs/design.md, "The compiler", draws its tables.
//
// Laws:
//  1. After refresh(), the image is a function of the cluster, this node's pods and addresses
//     alone, not of the way there.
//  2. The caller announces each Change of the Cluster: before() and then, once it is applied,
//     after().
//
// The Cluster outlives it. Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>

#include "agent/compile/names.h"
#include "agent/compile/services.h"
#include "agent/compile/sources.h"

namespace sluice::compile {

// A pod of this node, as whoever found it says; ifindex is its host-side interface, 0 where there is none
// (offline).
struct LocalPod {
  model::ObjectName name;
  uint32_t ifindex = 0;
  auto operator<=>(const LocalPod&) const = default;
};

class Compilation {
 public:
  Compilation(const model::Cluster& cluster, std::string node_name);
  Compilation(const Compilation&) = delete;
  Compilation& operator=(const Compilation&) = delete;

  // Everything that the cluster holds. Only while is_new(): before anything else was announced.
  bool is_new() const { return first_; }
  void learn_all();
  void before(const model::Change& change);
  void after(const model::Change& change);
  void set_local_pods(const std::vector<LocalPod>& pods);
  // Besides those of the Node object.
  void set_node_addresses(const std::vector<net::Ip>& addresses);

  // What was learnt, all of it, or what of it changed (names without a text and addresses without names are gone).
  void set_learnt(const Learnt& learnt);
  void set_name(NameSlot slot, const std::optional<std::string>& name) { names_.set_name(slot, name); }
  void set_address(const net::Ip& ip, std::vector<NameSlot> slots) {
    names_.set_address(ip, std::move(slots));
  }
  // Addresses of DNS servers that are believed.
  void reserve(const std::set<net::Ip>& addresses);
  bool settle_names() { return names_.settle(); }

  // Brings the image up to date.
  void refresh();

  const image::Image& image() const { return writer_.image(); }
  // Leaves this without an image: nothing else may be asked of it any more.
  image::Image move_image_out() { return writer_.move_image_out(); }
  image::Difference drain_difference() { return writer_.drain_difference(); }
  // Names an id that two different contents have, in which case the image must not be used; empty while no id has two.
  std::string collision() const;

  const model::Cluster& cluster() const { return cluster_; }
  const AddressTable& addresses() const { return addresses_; }
  const ServiceTable& services() const { return services_; }
  const LocalRules& local_rules() const { return local_rules_; }
  const PeerIndex& peers() const { return peers_; }
  const NodePeers& node_peers() const { return node_peers_; }
  const Identities& identities() const { return identities_; }
  const NameTable& names() const { return names_; }
  const PodIndex& pods() const { return pods_; }
  const std::map<model::ObjectName, uint32_t>& local_pods() const { return local_pods_; }
  EndpointId endpoint_of(const model::Pod& pod) const;  // 0 where it is no endpoint of this node

 private:
  struct Local {
    EndpointId id;
    Group* group = nullptr;
  };
  using Rulesets = LocalRules::Changes;

  // The steps of refresh(), in order.
  bool update_node();  // whether its addresses may have changed
  void update_pods();
  Rulesets update_policies();
  PrefixTree::Changes update_peers(const Rulesets& rulesets);
  // The addresses whose identity was decided anew, sorted.
  std::vector<net::Ip> classify(const PrefixTree::Changes& regions);
  void write_endpoints();
  void write_sources(EndpointId endpoint, const model::Pod& pod);
  // The frontends that these and what changed of Services concern.
  std::set<ServiceKey> refresh_frontends(const std::vector<net::Ip>& addresses, bool node_changed);
  void drop_empty_groups();

  void update_local(const model::ObjectName& name);
  void leave_group(const model::ObjectName& name, Local& local);
  void collect(const PrefixTree::Changes& regions);
  void collect(const Group& group);
  void collect_endpoints_in(const std::string& ns);

  const model::Cluster& cluster_;
  const std::string node_name_;
  PodIndex pods_;
  PeerIndex peers_{cluster_, pods_};
  LocalRules local_rules_{cluster_};
  NodePeers node_peers_{cluster_, node_name_};
  PrefixTree prefixes_;
  Identities identities_;
  ImageWriter writer_;
  AddressTable addresses_{pods_, peers_, node_peers_, prefixes_, identities_, writer_};
  NameTable names_{addresses_, identities_, writer_};
  SourceTable sources_{pods_, writer_};
  RuleTable rules_{local_rules_, identities_, writer_};
  Frontends frontends_{cluster_, pods_, node_name_};
  ServiceTable services_{
      frontends_,   pods_,       rules_,
      local_rules_, identities_, addresses_,
      names_,       writer_,     [this](const model::Pod& pod) {
        return endpoint_of(pod); }};

  std::map<model::ObjectName, uint32_t> local_pods_;
  std::map<model::ObjectName, Local> endpoints_;  // those local pods that are endpoints
  std::unordered_map<Group*, std::set<model::ObjectName>> endpoints_in_;
  std::vector<net::Ip> extra_node_addresses_;
  bool node_changed_ = true;
  bool first_ = true;  // before the first refresh() everything is stale, and need not be looked for

  // What refresh() has to look at.
  std::set<model::ObjectName> stale_locals_, stale_endpoints_;
  std::vector<net::Ip> stale_addresses_;  // in any order, some twice, until classify()
};

}  // namespace sluice::compile
