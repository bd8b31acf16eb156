#include "agent/observe/address_names.h"

namespace sluice::observe {

AddressNames::AddressNames(const model::Cluster& cluster) {
  for (const auto& [name, service] : cluster.services)
    for (const net::Ip& address : service.addresses) services_.try_emplace(address, name.to_text());
  for (const auto& [name, node] : cluster.nodes)
    for (const net::Ip& address : node.addresses) nodes_.try_emplace(address, name.name);
}

}  // namespace sluice::observe
