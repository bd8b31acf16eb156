#include "agent/endpoint/node_addresses.h"

#include <algorithm>

#include "agent/endpoint/netlink.h"

namespace sluice::endpoint {
namespace {

bool is_loopback(const net::Ip& ip) {
  const auto bytes = ip.bytes();
  if (ip.family() == net::Family::kIpv4) return bytes[0] == 127;
  return std::all_of(bytes.begin(), bytes.end() - 1, [](uint8_t b) { return b == 0; }) && bytes.back() == 1;
}

}  // namespace

base::Result<std::vector<net::Ip>> node_addresses() {
  auto netlink = Netlink::open();
  if (!netlink) return netlink.error().within("node addresses");
  auto addresses = netlink->addresses();
  if (!addresses) return addresses.error().within("node addresses");
  std::vector<net::Ip> ips;
  for (const Address& address : *addresses)
    if (!is_loopback(address.ip)) ips.push_back(address.ip);
  std::ranges::sort(ips);
  ips.erase(std::unique(ips.begin(), ips.end()), ips.end());
  return ips;
}

}  // namespace sluice::endpoint
