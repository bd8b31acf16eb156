// PodTable: every pod of the cluster as NodeViews needs it, by name, node, address and name of a port.
//
// One thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/view/selection.h"

namespace sluice::view {

struct PodEntry {
  model::ObjectName name;
  std::string node;  // empty: not scheduled
  // Null where no policy is for it: it is on the host's network, or has finished.
  PodClass* one = nullptr;
  std::vector<net::Ip> ips;  // none where it does not take part (semantics 2)
  std::set<std::string> port_names;
  std::vector<net::Cidr> source_prefixes;
  bool has_host_ports = false;
  std::shared_ptr<const std::string> as_peer;  // packed; null where it does not take part
};

class PodTable {
 public:
  using Entries = std::set<const PodEntry*>;

  // Null: there is none.
  const PodEntry* find(const model::ObjectName& name) const;
  // The place of that name; made, and in no index, where there is none.
  PodEntry& place_of(const model::ObjectName& name);
  // Out of the indexes, and into them by what it is then: around a change of the entry.
  void take_out(const PodEntry& entry);
  void put_back(const PodEntry& entry);
  void erase(const model::ObjectName& name);  // taken out before

  const Entries& of_node(const std::string& node) const;
  const Entries& with_port(const std::string& name) const;
  const Entries& at(const net::Ip& ip) const;
  // All that have one of the entry's addresses, itself among them.
  Entries sharing(const PodEntry& entry) const;
  // Those with an address in the prefix.
  Entries within(const net::Cidr& prefix) const;
  size_t size() const { return pods_.size(); }

 private:
  template <typename Act>
  void for_each_index(const PodEntry& entry, Act act);

  std::map<model::ObjectName, PodEntry> pods_;
  std::map<std::string, Entries> by_node_, by_port_;
  std::map<net::Ip, Entries> by_ip_;
};

}  // namespace sluice::view
