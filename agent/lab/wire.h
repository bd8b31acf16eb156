// The few things that a lab asks of the kernel's network configuration, each one netlink request
// or one file of /proc/sys.
//
// Laws:
//  1. Everything happens in the namespace of the calling thread; a Netlink given must be of that
//     namespace.
//  2. What exists already is an error.
//
// Source: rtnetlink(7), linux/if_link.h, linux/rtnetlink.h, Documentation/networking/ip-sysctl.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/endpoint/netlink.h"
#include "agent/net/ip.h"

namespace sluice::lab {

using endpoint::Mac;
using endpoint::Netlink;

std::string to_text(const Mac& mac);  // "02:00:5e:..."

struct VethEnd {
  std::string name;
  Mac mac;
};
// `far` is born in the namespace of `far_netns`.
base::Status add_veth(Netlink& netlink, const VethEnd& near, const VethEnd& far, int far_netns);
base::Status add_bridge(Netlink& netlink, const std::string& name, const Mac& mac);
// Up, and a port of the bridge with index `master` if given.
base::Status set_up(Netlink& netlink, const std::string& name, std::optional<int> master = {});
base::Status remove_link(Netlink& netlink, const endpoint::Link& link);

struct NewAddress {
  net::Ip ip;
  int prefix_length;
};
// IPv6 addresses skip duplicate address detection. IPv4 link-local ones get link scope, all others the
// widest. Returns once they can be reached: the kernel joins an IPv6 address's multicast group by and by, and
// a neighbour that asks before that gets no answer for a second.
base::Status add_addresses(Netlink& netlink, const std::string& link,
                           const std::vector<NewAddress>& addresses, std::chrono::milliseconds deadline);
// Through `gateway`, or on link where there is none.
base::Status add_route(Netlink& netlink, const std::string& link, const net::Cidr& to,
                       std::optional<net::Ip> gateway = {});

// Until every named link is running (its other end is up too), by events.
base::Status wait_running(const std::set<std::string>& names, std::chrono::milliseconds deadline);

// `path` is below /proc/sys.
base::Result<std::string> read_sysctl(const std::string& path);
base::Status write_sysctl(const std::string& path, const std::string& value);

}  // namespace sluice::lab
