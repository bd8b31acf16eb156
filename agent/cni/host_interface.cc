#include "agent/cni/host_interface.h"

#include <net/if.h>

#include <algorithm>
#include <array>

#include "agent/endpoint/netlink.h"
#include "agent/endpoint/netns.h"

namespace sluice::cni {
namespace {

using base::Error;
using base::Result;

// The index, on this node, of the other end; taken inside the pod's namespace.
Result<int> peer_index(const std::string& ifname, const endpoint::Netns& own) {
  auto netlink = endpoint::Netlink::open();
  if (!netlink) return netlink.error();
  auto links = netlink->links();  // this dump also gives our namespace its number
  if (!links) return links.error();
  const auto link = std::ranges::find(*links, ifname, &endpoint::Link::name);
  if (link == links->end()) return Error("has no interface " + ifname);
  auto own_nsid = netlink->nsid_of(own.fd());
  if (!own_nsid) return own_nsid.error();
  if (link->kind != "veth" || !link->peer_nsid || link->peer_nsid != *own_nsid)
    return Error("interface " + ifname +
                 " is no veth with its other end on this node: use a network plugin that makes one");
  return link->peer_ifindex;
}

Result<std::string> ask_namespace(const PodInterface& pod) {
  auto own = endpoint::Netns::current();
  if (!own) return own.error();
  auto netns = endpoint::Netns::open(pod.netns);
  if (!netns) return netns.error();
  auto index = endpoint::within(*netns, [&] { return peer_index(pod.ifname, *own); });
  if (!index) return index.error().within(pod.netns);
  std::array<char, IF_NAMESIZE> name{};
  if (::if_indextoname(static_cast<unsigned>(*index), name.data()) == nullptr)
    return Error::from_errno(errno, "interface " + std::to_string(*index) + " of this node");
  return std::string(name.data());
}

// The only veth of this node among those of prevResult; empty where there is none or several.
Result<std::string> only_veth(const std::vector<std::string>& named) {
  auto netlink = endpoint::Netlink::open();
  if (!netlink) return netlink.error();
  auto links = netlink->links();
  if (!links) return links.error();
  std::vector<std::string> veths;
  for (const endpoint::Link& link : *links)
    if (link.kind == "veth" && std::ranges::find(named, link.name) != named.end()) veths.push_back(link.name);
  return veths.size() == 1 ? veths.front() : std::string();
}

}  // namespace

Result<std::string> host_interface(const PodInterface& pod) {
  auto asked = ask_namespace(pod);
  if (asked) return asked;
  auto named = only_veth(pod.named);
  if (named && !named->empty()) return named;
  return asked;
}

}  // namespace sluice::cni
