#include "agent/endpoint/discover.h"

#include <dirent.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <set>

#include "agent/endpoint/exhaustion.h"
#include "agent/endpoint/netlink.h"

namespace sluice::endpoint {
namespace {

using base::Error;
using base::Result;

const net::Cidr kLinkLocal = *net::Cidr::parse("169.254.0.0/16");

// What a namespace says about itself, taken inside it.
struct Inside {
  std::vector<Link> links;
  std::vector<Address> addresses;
  std::optional<int> our_nsid;  // the number by which it knows the agent's namespace
};

struct Candidate {
  std::string name;
  Netns netns;
  Inside inside;
};

Result<Inside> look_inside(const Netns& own) {
  auto netlink = Netlink::open();
  if (!netlink) return netlink.error();
  auto links = netlink->links();  // this dump also gives our namespace its number
  if (!links) return links.error();
  auto addresses = netlink->addresses();
  if (!addresses) return addresses.error();
  auto nsid = netlink->nsid_of(own.fd());
  if (!nsid) return nsid.error();
  return Inside{std::move(*links), std::move(*addresses), *nsid};
}

std::vector<net::Ip> global_addresses(const Inside& inside, int ifindex) {
  std::vector<net::Ip> ips;
  for (const Address& address : inside.addresses)
    if (address.ifindex == ifindex && address.scope == RT_SCOPE_UNIVERSE) ips.push_back(address.ip);
  std::ranges::sort(ips);
  ips.erase(std::unique(ips.begin(), ips.end()), ips.end());
  return ips;
}

// Those of a far end that has been made a port of a bridge: what the pod is known by stands on the bridge, or
// on a dummy that keeps it. Link-local ones are the bridge's own.
std::vector<net::Ip> addresses_beside(const Inside& inside, const Link& far) {
  std::vector<net::Ip> ips;
  for (const Link& link : inside.links) {
    if (far.master == 0 || (link.ifindex != far.master && link.kind != "dummy")) continue;
    std::ranges::copy_if(global_addresses(inside, link.ifindex), std::back_inserter(ips),
                         [](const net::Ip& ip) { return !kLinkLocal.contains(ip); });
  }
  std::ranges::sort(ips);
  ips.erase(std::unique(ips.begin(), ips.end()), ips.end());
  return ips;
}

// The near end of `far`, if it and `far` name each other.
const Link* near_end(const std::vector<Link>& host_links, const Link& far, const Inside& inside,
                     std::optional<int> their_nsid) {
  if (far.kind != "veth" || !far.peer_nsid || far.peer_nsid != inside.our_nsid || !their_nsid) return nullptr;
  const auto near = std::ranges::lower_bound(host_links, far.peer_ifindex, {}, &Link::ifindex);
  if (near == host_links.end() || near->ifindex != far.peer_ifindex || near->kind != "veth") return nullptr;
  return near->peer_ifindex == far.ifindex && near->peer_nsid == their_nsid ? &*near : nullptr;
}

// What could not be opened is a problem where there certainly is no namespace, else it is unseen.
void note_unopened(const std::string& name, const Error& error, Exhaustion& exhaustion,
                   Discovery& discovery) {
  if (exhaustion.note(name, error)) return;
  const bool none = error.code() == 0 || error.code() == ENOENT;
  (none ? discovery.problems : discovery.unseen).push_back("namespace " + name + ": " + error.message());
}

std::vector<Candidate> candidates_in(const std::string& dir, const std::vector<std::string>& names,
                                     const Netns& own, Discovery& discovery) {
  std::vector<Candidate> candidates;
  std::set<NetnsId> seen{own.id()};
  Exhaustion exhaustion;
  for (const std::string& name : names) {
    auto netns = Netns::open(std::string(dir).append("/").append(name));
    if (!netns) {
      note_unopened(name, netns.error(), exhaustion, discovery);
      continue;
    }
    if (!seen.insert(netns->id()).second) continue;
    auto inside = within(*netns, [&] { return look_inside(own); });
    if (inside)
      candidates.push_back({name, std::move(*netns), std::move(*inside)});
    else if (!exhaustion.note(name, inside.error()))
      discovery.unseen.push_back("namespace " + name + ": " + inside.error().message());
  }
  std::ranges::copy(exhaustion.lines(), std::back_inserter(discovery.unseen));
  return candidates;
}

// The names in the directory; what keeps them from being read is unseen.
std::vector<std::string> names_seen(const std::string& dir, Discovery& discovery) {
  if (::access(dir.c_str(), F_OK) != 0 && errno == ENOENT) {
    discovery.unseen.push_back("--netns-dir " + dir +
                               ": does not exist, so that no pod can be found: give the directory of this "
                               "node's network namespaces");
    return {};
  }
  auto names = names_in(dir);
  if (names) return std::move(*names);
  discovery.unseen.push_back("--netns-dir: " + names.error().message() + ": no pod can be found");
  return {};
}

}  // namespace

Result<std::vector<std::string>> names_in(const std::string& dir) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(dir.c_str()), ::closedir);
  if (stream == nullptr) {
    if (errno == ENOENT) return names;
    return Error::from_errno(errno, "open " + dir);
  }
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get()))
    if (const std::string name = entry->d_name; name != "." && name != "..") names.push_back(name);
  if (errno != 0) return Error::from_errno(errno, "read " + dir);
  std::ranges::sort(names);
  return names;
}

Result<Discovery> discover(const std::string& netns_dir) {
  auto own = Netns::current();
  if (!own) return own.error();
  Discovery discovery;
  discovery.dir = netns_dir;
  auto host = Netlink::open();  // before the namespaces, which may take the last descriptors
  if (!host) return host.error();
  const auto candidates = candidates_in(netns_dir, names_seen(netns_dir, discovery), *own, discovery);
  // Our own links are listed last: what the namespaces named before either is still there or has gone, and
  // this dump gives each of them the number that nsid_of() then reads.
  auto host_links = host->links();
  if (!host_links) return host_links.error();
  for (const Link& link : *host_links) {
    discovery.host_interfaces.emplace(link.ifindex, link.name);
    if (link.kind == "veth" && link.peer_nsid) discovery.leads_out.insert(link.ifindex);
  }
  for (const Candidate& candidate : candidates) {
    auto nsid = host->nsid_of(candidate.netns.fd());
    if (!nsid) return nsid.error();
    for (const Link& far : candidate.inside.links) {
      const Link* near = near_end(*host_links, far, candidate.inside, *nsid);
      if (near == nullptr) continue;
      auto ips = global_addresses(candidate.inside, far.ifindex);
      if (ips.empty()) ips = addresses_beside(candidate.inside, far);
      if (ips.empty())
        discovery.bare.emplace(near->ifindex, candidate.name);
      else
        discovery.found.push_back({candidate.name, near->ifindex, near->name, std::move(ips)});
    }
  }
  std::ranges::sort(discovery.found, {}, [](const Found& f) { return std::pair(f.netns, f.host_ifindex); });
  return discovery;
}

}  // namespace sluice::endpoint
