#include "agent/reference/sources.h"

#include <algorithm>

#include "agent/reference/rule_match.h"
#include "agent/reference/services.h"

namespace sluice::reference {
namespace {

using model::Cluster;
using model::Pod;
using net::Ip;

bool is_among(const std::vector<Ip>& ips, const Ip& ip) {
  return std::find(ips.begin(), ips.end(), ip) != ips.end();
}

bool is_unspecified(const Ip& ip) {
  const auto bytes = ip.bytes();
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

// fe80::/10
bool is_link_local(const Ip& ip) {
  const auto bytes = ip.bytes();
  return ip.family() == net::Family::kIpv6 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

// Multicast of link scope: ff02::/16, ff12::/16, …
bool is_link_multicast(const Ip& ip) {
  const auto bytes = ip.bytes();
  return ip.family() == net::Family::kIpv6 && bytes[0] == 0xff && (bytes[1] & 0x0f) == 2;
}

bool was_given(const Cluster& cluster, const Pod& pod, const Ip& source) {
  std::vector<net::Cidr> given = pod.source_prefixes;
  for (const auto& [name, ns] : cluster.namespaces)
    if (name.name == pod.name.ns)
      given.insert(given.end(), ns.source_prefixes.begin(), ns.source_prefixes.end());
  return std::any_of(given.begin(), given.end(), [&](const auto& cidr) { return cidr_holds(cidr, source); });
}

}  // namespace

bool may_send_from(const Cluster& cluster, const model::PodAddresses& addresses, const Pod& pod,
                   const Sending& sending) {
  const Ip& source = sending.source;
  if (is_among(addresses.owned_by(pod), source)) return true;
  if (is_unspecified(source)) return false;
  if (is_among(own_node_addresses(cluster, pod), source)) return false;
  if (is_link_local(source)) return is_link_local(sending.to) || is_link_multicast(sending.to);
  return addresses.owner(source) == nullptr && was_given(cluster, pod, source);
}

}  // namespace sluice::reference
