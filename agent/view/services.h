// ServiceTable: every Service of the cluster as NodeViews needs it: as nodes are sent it, and which are exposed.
//
// A Service is exposed where more may stand behind one of its addresses and ports than its own endpoints (semantics 32): it
// has a node port, shares an address with another Service, or has an address that is a node's. Whoever judges by one of
// these has to know all of them.
//
// One thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/model/cluster.h"

namespace sluice::view {

class ServiceTable {
 public:
  struct Entry {
    std::shared_ptr<const std::string> packed;  // without its selector
    std::vector<net::Ip> addresses;
    bool has_node_port = false;
  };
  using Names = std::set<model::ObjectName>;

  // What of it is new: nothing; or, where others may be exposed now, or no longer, these and itself too.
  struct News {
    bool changed = false;
    Names exposure;
  };
  News set(const model::ObjectName& name, Entry entry);
  News remove(const model::ObjectName& name);
  // Services whose exposure may be another.
  Names set_node_addresses(const std::vector<net::Ip>& before, const std::vector<net::Ip>& now);

  bool is_exposed(const model::ObjectName& name) const;
  std::shared_ptr<const std::string> packed(const model::ObjectName& name) const;  // null: there is none
  const std::map<model::ObjectName, Entry>& all() const { return services_; }

 private:
  void add_at(const std::vector<net::Ip>& addresses, Names& names) const;
  void place(const model::ObjectName& name, const std::vector<net::Ip>& addresses, bool there);

  std::map<model::ObjectName, Entry> services_;
  std::map<net::Ip, Names> by_ip_;
  std::map<net::Ip, size_t> node_ips_;
};

}  // namespace sluice::view
