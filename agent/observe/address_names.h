// AddressNames: whose an address is that is no pod's: a Service's or a node's. A picture of one moment; one thread.
#pragma once

#include <string>
#include <unordered_map>

#include "agent/model/cluster.h"

namespace sluice::observe {

class AddressNames {
 public:
  AddressNames() = default;
  explicit AddressNames(const model::Cluster& cluster);

  // "namespace/name"; of several the first by name. Empty: none.
  std::string service_of(const net::Ip& address) const { return find(services_, address); }
  std::string node_of(const net::Ip& address) const { return find(nodes_, address); }

 private:
  using Map = std::unordered_map<net::Ip, std::string>;
  static std::string find(const Map& map, const net::Ip& address) {
    const auto found = map.find(address);
    return found == map.end() ? "" : found->second;
  }
  Map services_, nodes_;
};

}  // namespace sluice::observe
