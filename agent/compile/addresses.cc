#include "agent/compile/addresses.h"

#include <algorithm>

namespace sluice::compile {
namespace {

std::vector<PeerSetId> joined(const std::vector<PeerSetId>& a, const std::vector<PeerSetId>& b) {
  std::vector<PeerSetId> all;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all));
  return all;
}

}  // namespace

std::vector<net::Ip> AddressTable::set_node_addresses(std::set<net::Ip> addresses) {
  std::vector<net::Ip> changed;
  std::set_symmetric_difference(addresses.begin(), addresses.end(), node_addresses_.begin(),
                                node_addresses_.end(), std::back_inserter(changed));
  node_addresses_ = std::move(addresses);
  return changed;
}

void AddressTable::write(const PrefixTree::Changes& changes) {
  for (Region* region : changes.regions) {
    if (std::exchange(region->identity_version, region->version) != region->version)
      region->identity = identities_.intern({region->peers, {}});
    const IdentityId around = region->parent ? region->parent->identity : IdentityId{};
    set(region->cidr, region->identity == around ? std::nullopt : std::optional(region->identity));
  }
  for (const net::Cidr& cidr : changes.gone) set(cidr, std::nullopt);
}

void AddressTable::write(const net::Ip& ip) {
  const Region* region = prefixes_.find(ip);
  const IdentityId by_prefix = region ? region->identity : IdentityId{};
  const image::Address address{classify(ip, region), node_addresses_.contains(ip),
                               service_addresses_.contains(ip)};
  bool needed = address.node || address.service || address.identity != by_prefix;
  set(ip, needed ? std::optional(address) : std::nullopt);
}

void AddressTable::set_service(const net::Ip& ip, bool service) {
  bool changed = service ? service_addresses_.insert(ip).second : service_addresses_.erase(ip) > 0;
  if (changed) write(ip);
}

IdentityId AddressTable::identity_of(const net::Ip& ip) const {
  if (const image::Address* address = writer_.addresses.find(ip)) return address->identity;
  const Region* region = prefixes_.find(ip);
  return region ? region->identity : IdentityId{};
}

IdentityContent AddressTable::by_prefix(const net::Ip& ip) const {
  const Region* region = prefixes_.find(ip);
  return region ? IdentityContent{region->peers, {}} : IdentityContent{};
}

IdentityContent AddressTable::as_written(const net::Ip& ip) const {
  IdentityContent content = by_prefix(ip);
  const std::vector<PeerSetId>* as_node = nodes_.at(ip);
  if (as_node == nullptr) return content;
  std::vector<PeerSetId> named = *as_node;
  std::erase_if(named, [this](PeerSetId id) { return peers_.content(id)->own_node; });
  content.peers = joined(content.peers, named);
  return content;
}

IdentityId AddressTable::classify(const net::Ip& ip, const Region* region) {
  Group* group = pods_.group_at(ip);
  const std::vector<PeerSetId>* as_node = nodes_.at(ip);
  if (group == nullptr && as_node != nullptr)
    return identities_.intern({joined(by_prefix(ip).peers, *as_node), {}});
  if (group == nullptr) return region ? region->identity : IdentityId{};
  if (as_node != nullptr) return classify_pod(*group, region, *as_node);
  IdentityId& cached = group->identities[region ? region->version : 0];
  if (!cached || !identities_.knows(cached)) cached = classify_pod(*group, region, {});
  return cached;
}

IdentityId AddressTable::classify_pod(const Group& group, const Region* region,
                                      const std::vector<PeerSetId>& as_node) {
  IdentityContent content;
  content.peers = region ? joined(group.peers, region->peers) : group.peers;
  if (!as_node.empty()) content.peers = joined(content.peers, as_node);
  for (const model::ContainerPort& port : group.key->ports) {
    const PortName name{port.name, port.protocol};
    if (port.name.empty() || !peers_.names_port(name)) continue;
    bool named = peers_.names_port({}, name) ||
                 std::any_of(content.peers.begin(), content.peers.end(),
                             [&](PeerSetId peers) { return peers_.names_port(peers, name); });
    if (named) content.ports.push_back(port);
  }
  std::sort(content.ports.begin(), content.ports.end());
  content.ports.erase(std::unique(content.ports.begin(), content.ports.end()), content.ports.end());
  return identities_.intern(std::move(content));
}

void AddressTable::set(const net::Ip& ip, const std::optional<image::Address>& address) {
  if (address) identities_.use(address->identity);
  if (const auto old = writer_.addresses.set(ip, address)) identities_.release(old->identity);
}

void AddressTable::set(const net::Cidr& cidr, std::optional<IdentityId> identity) {
  if (identity) identities_.use(*identity);
  if (const auto old = writer_.prefixes.set(cidr, identity)) identities_.release(*old);
}

}  // namespace sluice::compile
