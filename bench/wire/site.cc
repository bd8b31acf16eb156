#include "bench/wire/site.h"

#include <net/if.h>
#include <sched.h>

#include <optional>

#include "agent/lab/wire.h"
#include "bench/wire/rule_scripts.h"

namespace sluice::bench::wire {
namespace {

using base::Error;
using base::Result;
using base::Status;
using endpoint::Netns;

constexpr std::chrono::milliseconds kDeadline{10000};  // of the kernel, for a link or an address to come up
constexpr char kPodInterface[] = "eth0";

net::Ip gateway() {
  return *net::Ip::parse("169.254.1.1");
}

// Distinct within a site, which is all that any of them can see. Locally administered, unicast (IEEE 802).
lab::Mac mac_of(size_t pod, bool near) {
  return {0x02, 0x51, 0x1c, 0xe0, static_cast<uint8_t>(near ? 1 : 2), static_cast<uint8_t>(pod)};
}

Result<Netns> make_netns() {
  std::optional<Result<Netns>> made;
  auto ran = endpoint::on_fresh_thread([&] {
    if (::unshare(CLONE_NEWNET) != 0)
      made = Error::from_errno(errno, "make a network namespace (run as root)");
    else
      made = Netns::current();
  });
  if (!ran) return ran.error();
  return std::move(*made);
}

// No interface of a site speaks IPv6, so that no neighbour discovery disturbs a sample.
Status without_ipv6() {
  if (!lab::read_sysctl("net/ipv6/conf/all/disable_ipv6")) return base::done();  // the kernel has none
  for (const char* which : {"all", "default"})
    if (auto written = lab::write_sysctl(std::string("net/ipv6/conf/") + which + "/disable_ipv6", "1");
        !written)
      return written;
  return base::done();
}

// In the router's namespace; the index of its end.
Result<uint32_t> join(const Netns& pod, size_t index, const net::Ip& ip) {
  auto netlink = lab::Netlink::open();
  if (!netlink) return netlink.error();
  const std::string near = router_interface(index);
  if (auto added = lab::add_veth(*netlink, {near, mac_of(index, true)}, {kPodInterface, mac_of(index, false)},
                                 pod.fd());
      !added)
    return added.error();
  if (auto status = lab::write_sysctl("net/ipv4/conf/" + near + "/forwarding", "1"); !status)
    return status.error();
  if (auto status = lab::set_up(*netlink, near); !status) return status.error();
  if (auto status = lab::add_addresses(*netlink, near, {{gateway(), 32}}, kDeadline); !status)
    return status.error();
  if (auto status = lab::add_route(*netlink, near, net::Cidr::host(ip)); !status) return status.error();
  return ::if_nametoindex(near.c_str());
}

// In the pod's namespace.
Status furnish(const net::Ip& ip) {
  if (auto status = without_ipv6(); !status) return status;
  auto netlink = lab::Netlink::open();
  if (!netlink) return netlink.error();
  for (const char* which : {"all", kPodInterface})
    if (auto status = lab::write_sysctl(std::string("net/ipv4/conf/") + which + "/rp_filter", "0"); !status)
      return status;
  for (const char* link : {"lo", kPodInterface})
    if (auto status = lab::set_up(*netlink, link); !status) return status;
  if (auto status = lab::add_addresses(*netlink, kPodInterface, {{ip, 32}}, kDeadline); !status)
    return status;
  if (auto status = lab::add_route(*netlink, kPodInterface, net::Cidr::host(gateway())); !status)
    return status;
  const net::Cidr everything = net::Cidr::everything(net::Family::kIpv4);
  if (auto status = lab::add_route(*netlink, kPodInterface, everything, gateway()); !status) return status;
  return lab::wait_running({kPodInterface}, kDeadline);
}

Result<SitePod> add_pod(const Netns& router, const model::Pod& pod, size_t index) {
  auto netns = make_netns();
  if (!netns) return netns.error();
  const net::Ip ip = pod.ips.front();
  auto ifindex = endpoint::within(router, [&] { return join(*netns, index, ip); });
  if (!ifindex) return ifindex.error();
  if (auto status = endpoint::within(*netns, [&] { return furnish(ip); }); !status) return status.error();
  return SitePod{pod.name, ip, std::move(*netns), *ifindex};
}

}  // namespace

Result<Site> Site::build(const std::vector<model::Pod>& pods) {
  auto router = make_netns();
  if (!router) return router.error();
  if (auto status = endpoint::within(*router, without_ipv6); !status) return status.error();
  std::vector<SitePod> made;
  std::set<std::string> near;
  for (const model::Pod& pod : pods) {
    auto added = add_pod(*router, pod, made.size());
    if (!added) return added.error().within("pod " + pod.name.to_text());
    near.insert(router_interface(made.size()));
    made.push_back(std::move(*added));
  }
  auto running = endpoint::within(*router, [&] { return lab::wait_running(near, kDeadline); });
  if (!running) return running.error();
  return Site(std::move(*router), std::move(made));
}

}  // namespace sluice::bench::wire
