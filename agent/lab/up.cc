#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "agent/endpoint/discover.h"
#include "agent/endpoint/node_addresses.h"
#include "agent/lab/journal.h"
#include "agent/lab/lab.h"
#include "agent/lab/plan.h"
#include "agent/lab/undo.h"
#include "agent/lab/wire.h"

namespace sluice::lab {
namespace {

using base::Error;
using base::Result;
using base::Status;
using endpoint::Netns;

constexpr std::chrono::milliseconds kDeadline{5000};  // of the kernel, for a link or an address to come up

net::Ip gateway(net::Family family) {
  return *net::Ip::parse(family == net::Family::kIpv4 ? "169.254.1.1" : "fe80::1");
}

// A locally administered address that nothing else has: a random number of this lab, and who it is for.
Mac mac_of(uint64_t lab, const std::string& whom) {
  uint64_t hash = 0xcbf29ce484222325u ^ lab;
  for (const char c : whom) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  Mac mac;
  for (size_t i = 0; i < mac.size(); ++i) mac[i] = static_cast<uint8_t>(hash >> (8 * i + 16));
  mac[0] = static_cast<uint8_t>((mac[0] & 0xfc) | 0x02);  // unicast, local (IEEE 802)
  return mac;
}

// fe80::<mac as RFC 4291 appendix A>.
net::Ip link_local(const Mac& mac) {
  const uint8_t bytes[16] = {
      0xfe,   0x80,   0,    0,    0,      0,      0,     0, static_cast<uint8_t>(mac[0] ^ 2),
      mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};
  return *net::Ip::from_bytes(bytes);
}

bool has_ipv6(const Host& host) {
  return std::ranges::any_of(host.ips, [](const net::Ip& ip) { return ip.family() == net::Family::kIpv6; });
}

bool kernel_has_ipv6() {
  return ::access("/proc/sys/net/ipv6", F_OK) == 0;
}

// No waiting for duplicate address detection, no address or router that nobody asked for.
Status quiet_ipv6(const std::string& link) {
  const std::string base = "net/ipv6/conf/" + link + "/";
  for (const auto& [name, value] : {std::pair("disable_ipv6", "0"), std::pair("accept_dad", "0"),
                                    std::pair("accept_ra", "0"), std::pair("addr_gen_mode", "1")})
    if (auto written = write_sysctl(base + name, value); !written) return written;
  return base::done();
}

class Builder {
 public:
  Builder(const Options& options, Journal& journal, Netlink& netlink, uint64_t lab)
      : options_(options), journal_(journal), netlink_(netlink), lab_(lab), ipv6_(kernel_has_ipv6()) {}

  Status build(const std::vector<Host>& hosts) {
    if (auto status = note_outside(); !status) return status;
    if (auto status = prepare_directory(); !status) return status;
    const bool routed = options_.topology == Topology::kRouted;
    if (routed && std::ranges::any_of(hosts, has_ipv6))
      if (auto status = forward_ipv6(); !status) return status;
    if (!routed)
      if (auto status = make_bridge(); !status) return status;
    std::set<std::string> near;
    if (!routed) near.insert(kBridgeName);
    for (const Host& host : hosts) {
      if (auto status = make_host(host).within(host.netns); !status) return status;
      near.insert(host.host_ifname);
    }
    return wait_running(near, kDeadline);
  }

 private:
  Status note_outside() {
    for (const Outside& host : options_.outside) {
      std::string ips;
      for (const net::Ip& ip : host.ips) ips += (ips.empty() ? "" : ",") + ip.to_text();
      if (auto status = journal_.record({Verb::kOutside, host.name, ips}); !status) return status;
    }
    return base::done();
  }

  // The directory as `ip netns add` leaves it: a shared mount point, so that it can do so later without harm
  // to us.
  Status prepare_directory() {
    const std::string& dir = options_.directories.netns_dir;
    if (auto status = journal_.record({Verb::kNetnsDir, dir, ""}); !status) return status;
    if (::access(dir.c_str(), F_OK) != 0) {
      if (auto status = journal_.record({Verb::kDirectory, dir, ""}); !status) return status;
      if (::mkdir(dir.c_str(), 0755) != 0) return Error::from_errno(errno, "make " + dir);
    }
    if (::mount("", dir.c_str(), "none", MS_SHARED | MS_REC, nullptr) == 0) return base::done();
    if (errno != EINVAL) return Error::from_errno(errno, "share the mount " + dir);
    if (auto status = journal_.record({Verb::kMountPoint, dir, ""}); !status) return status;
    if (::mount(dir.c_str(), dir.c_str(), "none", MS_BIND | MS_REC, nullptr) != 0 ||
        ::mount("", dir.c_str(), "none", MS_SHARED | MS_REC, nullptr) != 0)
      return Error::from_errno(errno, "mount " + dir + " on itself");
    return base::done();
  }

  // IPv6 forwards by one switch for all interfaces; it overwrites theirs, so those are noted first. IPv4
  // needs only the switch of the interface that a packet comes in by (make_host).
  Status forward_ipv6() {
    const std::string all = "net/ipv6/conf/all/forwarding";
    auto value = read_sysctl(all);
    if (!value) return value.error();
    if (*value != "0") return base::done();
    auto links = endpoint::names_in("/proc/sys/net/ipv6/conf");
    if (!links) return links.error();
    for (const std::string& link : *links) {
      const std::string path = "net/ipv6/conf/" + link + "/forwarding";
      auto before = read_sysctl(path);
      if (link == "all" || !before) continue;  // gone meanwhile
      if (auto status = journal_.record({Verb::kSysctl, path, *before}); !status) return status;
    }
    if (auto status = journal_.record({Verb::kSysctl, all, *value}); !status) return status;
    return write_sysctl(all, "1");
  }

  Status make_bridge() {
    const Mac mac = mac_of(lab_, kBridgeName);
    if (::if_nametoindex(kBridgeName) != 0)
      return Error(std::string("interface ") + kBridgeName +
                   " exists already and is not this lab's; remove it");
    if (auto status = journal_.record({Verb::kLink, kBridgeName, to_text(mac)}); !status) return status;
    if (auto status = add_bridge(netlink_, kBridgeName, mac); !status) return status;
    return make_gateway(kBridgeName, {});
  }

  // The host's end: up, with the addresses by which pods reach their node.
  Status make_gateway(const std::string& link, std::optional<int> master) {
    if (ipv6_)
      if (auto status = quiet_ipv6(link); !status) return status;
    if (auto status = set_up(netlink_, link, master); !status) return status;
    if (master) return base::done();
    std::vector<NewAddress> addresses = {{gateway(net::Family::kIpv4), 32}};
    if (ipv6_) addresses.push_back({gateway(net::Family::kIpv6), 64});
    return add_addresses(netlink_, link, addresses, kDeadline);
  }

  Status make_host(const Host& host) {
    if (has_ipv6(host) && !ipv6_) return Error("this kernel has no IPv6; take the host's IPv6 addresses out");
    auto netns = make_netns(host.netns);
    if (!netns) return netns.error();
    if (auto status = join(host, *netns); !status) return status;
    if (auto status = endpoint::within(*netns, [&] { return set_up_inside(host); }); !status) return status;
    const std::string& link = options_.topology == Topology::kRouted ? host.host_ifname : kBridgeName;
    for (const net::Ip& ip : host.ips)
      if (auto status = add_route(netlink_, link, net::Cidr::host(ip)); !status) return status;
    return base::done();
  }

  Result<Netns> make_netns(const std::string& name) {
    const std::string path = options_.directories.netns_dir + "/" + name;
    const auto taken = [&] { return Error(path + " exists already and is not this lab's; remove it"); };
    struct stat st {};
    if (::lstat(path.c_str(), &st) == 0) return taken();
    if (auto status = journal_.record({Verb::kNetns, name, ""}); !status) return status.error();
    if (!base::Fd(::open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444)).valid()) {
      const Error failure = errno == EEXIST ? taken() : Error::from_errno(errno, "make " + path);
      if (auto status = journal_.record({Verb::kNotMade, name, ""}); !status) return status.error();
      return failure;
    }
    int code = 0;
    auto ran = endpoint::on_fresh_thread([&] {
      if (::unshare(CLONE_NEWNET) != 0 ||
          ::mount("/proc/thread-self/ns/net", path.c_str(), "none", MS_BIND, nullptr) != 0)
        code = errno;
    });
    if (!ran) return ran.error();
    if (code != 0) return Error::from_errno(code, "make a network namespace at " + path);
    auto netns = Netns::open(path);
    if (!netns) return netns.error();
    const std::string id = std::to_string(netns->id().device) + ":" + std::to_string(netns->id().inode);
    if (auto status = journal_.record({Verb::kNetnsIs, name, id}); !status) return status.error();
    return netns;
  }

  Status join(const Host& host, const Netns& netns) {
    const VethEnd near{host.host_ifname, mac_of(lab_, host.netns + " near")};
    const VethEnd far{kPodInterface, far_mac(host)};
    if (::if_nametoindex(near.name.c_str()) != 0)
      return Error("interface " + near.name + " exists already and is not this lab's; remove it");
    if (auto status = journal_.record({Verb::kLink, near.name, to_text(near.mac)}); !status) return status;
    if (auto status = add_veth(netlink_, near, far, netns.fd()); !status) return status;
    if (options_.topology == Topology::kBridge)
      return make_gateway(near.name, static_cast<int>(::if_nametoindex(kBridgeName)));
    if (auto status = write_sysctl("net/ipv4/conf/" + near.name + "/forwarding", "1"); !status) return status;
    return make_gateway(near.name, {});
  }

  // Runs in the host's own namespace.
  Status set_up_inside(const Host& host) const {
    auto netlink = Netlink::open();
    if (!netlink) return netlink.error();
    for (const char* which : {"all", kPodInterface})
      if (auto status = write_sysctl(std::string("net/ipv4/conf/") + which + "/rp_filter", "0"); !status)
        return status;
    if (ipv6_)
      if (auto status = quiet_ipv6(kPodInterface); !status) return status;
    for (const char* link : {"lo", kPodInterface})
      if (auto status = set_up(*netlink, link); !status) return status;
    std::vector<NewAddress> addresses;
    for (const net::Ip& ip : host.ips) addresses.push_back({ip, net::address_bits(ip.family())});
    if (has_ipv6(host)) addresses.push_back({link_local(far_mac(host)), 64});
    if (auto status = add_addresses(*netlink, kPodInterface, addresses, kDeadline); !status) return status;
    for (const net::Family family : {net::Family::kIpv4, net::Family::kIpv6})
      if (std::ranges::count(host.ips, family, &net::Ip::family) > 0)
        if (auto status = add_default_route(*netlink, family); !status) return status;
    return wait_running({kPodInterface}, kDeadline);
  }

  Status add_default_route(Netlink& netlink, net::Family family) const {
    const net::Cidr everything = net::Cidr::everything(family);
    if (options_.topology == Topology::kBridge) return add_route(netlink, kPodInterface, everything);
    const net::Ip via = gateway(family);
    if (family == net::Family::kIpv4)  // fe80::/64 is on link by itself
      if (auto status = add_route(netlink, kPodInterface, net::Cidr::host(via)); !status) return status;
    return add_route(netlink, kPodInterface, everything, via);
  }

  Mac far_mac(const Host& host) const { return mac_of(lab_, host.netns + " far"); }

  const Options& options_;
  Journal& journal_;
  Netlink& netlink_;
  const uint64_t lab_;
  const bool ipv6_;
};

Status check_addresses(const std::vector<Host>& hosts) {
  auto own = endpoint::node_addresses();
  if (!own) return own.error();
  for (const Host& host : hosts)
    for (const net::Ip& ip : host.ips)
      if (std::ranges::binary_search(*own, ip))
        return Error((host.name.ns.empty() ? "outside host " : "pod ") + host.name.to_text() + ": " +
                     ip.to_text() + " is an address of this machine; give it another one");
  return base::done();
}

// Everything that undo() takes back is gone, or the error tells what is not.
Error rolled_back(const Error& why, Journal& journal) {
  const Undone undone = undo(journal.steps());
  if (!undone.failures.empty())
    return Error(why.message() + "; and not all could be taken back (" + undone.failures.front() +
                 "): run \"sluicectl lab down\"");
  if (auto finished = journal.finish(); !finished) return finished.error();
  return why;
}

}  // namespace

Result<std::vector<Host>> up(const model::Cluster& cluster, const Options& options) {
  auto hosts = plan(cluster, options.outside);
  if (!hosts) return hosts.error();
  if (auto checked = check_addresses(*hosts); !checked) return checked.error();
  auto netlink = Netlink::open();
  if (!netlink) return netlink.error();
  uint64_t lab = 0;
  if (::getrandom(&lab, sizeof(lab), 0) != sizeof(lab))
    return Error::from_errno(errno, "draw a random number");
  auto journal = Journal::begin(options.directories.state_dir);
  if (!journal) return journal.error();
  if (auto built = Builder(options, *journal, *netlink, lab).build(*hosts); !built)
    return rolled_back(built.error(), *journal);
  return hosts;
}

}  // namespace sluice::lab
