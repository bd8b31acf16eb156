#include "agent/lab/wire.h"

#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <utility>

#include "agent/base/fd.h"

namespace sluice::lab {
namespace {

using base::Error;
using base::Result;
using base::Status;
using Clock = std::chrono::steady_clock;

// A request under construction. Running out of room is remembered and said once, by send().
class Message {
 public:
  Message(int type, int flags) : message_(nlmsg_alloc_simple(type, flags)), ok_(message_ != nullptr) {}
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  ~Message() { nlmsg_free(message_); }

  template <typename T>
  Message& header(T value) {
    ok_ = ok_ && nlmsg_append(message_, &value, sizeof(value), NLMSG_ALIGNTO) == 0;
    return *this;
  }
  Message& put(int attribute, const void* bytes, size_t size) {
    ok_ = ok_ && nla_put(message_, attribute, static_cast<int>(size), bytes) == 0;
    return *this;
  }
  Message& put(int attribute, uint32_t value) { return put(attribute, &value, sizeof(value)); }
  Message& put(int attribute, uint8_t value) { return put(attribute, &value, sizeof(value)); }
  Message& put(int attribute, const std::string& text) {
    return put(attribute, text.c_str(), text.size() + 1);
  }
  Message& put(int attribute, const Mac& mac) { return put(attribute, mac.data(), mac.size()); }
  Message& put(int attribute, const net::Ip& ip) {
    return put(attribute, ip.bytes().data(), ip.bytes().size());
  }
  Message& nest(int attribute, const std::function<void()>& inner) {
    nlattr* start = ok_ ? nla_nest_start(message_, attribute) : nullptr;
    ok_ = start != nullptr;
    inner();
    if (ok_) nla_nest_end(message_, start);
    return *this;
  }

  Status send(Netlink& netlink, const std::string& what) {
    if (!ok_) return Error(what + ": the request does not fit a netlink message");
    return netlink.request(std::exchange(message_, nullptr), what);
  }

 private:
  nl_msg* message_;
  bool ok_;
};

constexpr int kCreate = NLM_F_CREATE | NLM_F_EXCL;

unsigned char family_of(const net::Ip& ip) {
  return ip.family() == net::Family::kIpv4 ? AF_INET : AF_INET6;
}

bool is_link_local_v4(const net::Ip& ip) {
  return ip.family() == net::Family::kIpv4 && ip.bytes()[0] == 169 && ip.bytes()[1] == 254;
}

Status add_address(Netlink& netlink, uint32_t ifindex, const NewAddress& address) {
  Message message(RTM_NEWADDR, kCreate);
  ifaddrmsg info{};
  info.ifa_family = family_of(address.ip);
  info.ifa_prefixlen = static_cast<uint8_t>(address.prefix_length);
  info.ifa_index = ifindex;
  info.ifa_scope = is_link_local_v4(address.ip) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  message.header(info).put(IFA_LOCAL, address.ip).put(IFA_ADDRESS, address.ip);
  if (address.ip.family() == net::Family::kIpv6) message.put(IFA_FLAGS, uint32_t{IFA_F_NODAD});
  return message.send(netlink, "add the address " + address.ip.to_text());
}

// False once it is too late.
bool wait_for_news(const Netlink& events, Clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
  if (left.count() <= 0) return false;
  pollfd fd{events.fd(), POLLIN, 0};
  ::poll(&fd, 1, static_cast<int>(left.count()));
  return true;
}

Result<uint32_t> index_of(const std::string& link) {
  const unsigned index = ::if_nametoindex(link.c_str());
  if (index == 0) return Error::from_errno(errno, "interface " + link);
  return index;
}

}  // namespace

std::string to_text(const Mac& mac) {
  char text[18];
  std::snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                mac[5]);
  return text;
}

Status add_veth(Netlink& netlink, const VethEnd& near, const VethEnd& far, int far_netns) {
  Message message(RTM_NEWLINK, kCreate);
  message.header(ifinfomsg{}).put(IFLA_IFNAME, near.name).put(IFLA_ADDRESS, near.mac);
  message.nest(IFLA_LINKINFO, [&] {
    message.put(IFLA_INFO_KIND, std::string("veth")).nest(IFLA_INFO_DATA, [&] {
      message.nest(VETH_INFO_PEER, [&] {
        message.header(ifinfomsg{}).put(IFLA_IFNAME, far.name).put(IFLA_ADDRESS, far.mac);
        message.put(IFLA_NET_NS_FD, static_cast<uint32_t>(far_netns));
      });
    });
  });
  return message.send(netlink, "make the interface " + near.name);
}

Status add_bridge(Netlink& netlink, const std::string& name, const Mac& mac) {
  Message message(RTM_NEWLINK, kCreate);
  message.header(ifinfomsg{}).put(IFLA_IFNAME, name).put(IFLA_ADDRESS, mac);
  message.nest(IFLA_LINKINFO, [&] {
    message.put(IFLA_INFO_KIND, std::string("bridge")).nest(IFLA_INFO_DATA, [&] {
      message.put(IFLA_BR_MCAST_SNOOPING, uint8_t{0});  // neighbour discovery needs no querier then
    });
  });
  return message.send(netlink, "make the bridge " + name);
}

Status set_up(Netlink& netlink, const std::string& name, std::optional<int> master) {
  Message message(RTM_NEWLINK, 0);
  ifinfomsg info{};
  info.ifi_flags = info.ifi_change = IFF_UP;
  message.header(info).put(IFLA_IFNAME, name);
  if (master) message.put(IFLA_MASTER, static_cast<uint32_t>(*master));
  return message.send(netlink, "set the interface " + name + " up");
}

Status remove_link(Netlink& netlink, const endpoint::Link& link) {
  Message message(RTM_DELLINK, 0);
  ifinfomsg info{};
  info.ifi_index = link.ifindex;
  message.header(info);
  return message.send(netlink, "remove the interface " + link.name);
}

Status add_addresses(Netlink& netlink, const std::string& link, const std::vector<NewAddress>& addresses,
                     std::chrono::milliseconds deadline) {
  auto index = index_of(link);
  if (!index) return index.error();
  auto events = Netlink::open();
  if (!events) return events.error();
  if (auto listening = events->listen_to_news(); !listening) return listening;
  std::set<net::Ip> waiting;
  for (const NewAddress& address : addresses) {
    if (auto added = add_address(netlink, *index, address).within(link); !added) return added;
    waiting.insert(address.ip);
  }
  const auto end = Clock::now() + deadline;
  for (;;) {
    const endpoint::Heard heard = events->hear();
    for (const endpoint::Address& address : heard.added)
      if (address.ifindex == static_cast<int>(*index)) waiting.erase(address.ip);
    if (waiting.empty()) return base::done();
    if (!wait_for_news(*events, end))
      return Error(link + ": the address " + waiting.begin()->to_text() + " does not come up");
  }
}

Status add_route(Netlink& netlink, const std::string& link, const net::Cidr& to,
                 std::optional<net::Ip> gateway) {
  auto index = index_of(link);
  if (!index) return index.error();
  Message message(RTM_NEWROUTE, kCreate);
  rtmsg info{};
  info.rtm_family = family_of(to.base());
  info.rtm_dst_len = static_cast<unsigned char>(to.length());
  info.rtm_table = RT_TABLE_MAIN;
  info.rtm_protocol = RTPROT_STATIC;
  info.rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  info.rtm_type = RTN_UNICAST;
  message.header(info).put(RTA_OIF, *index);
  if (to.length() > 0) message.put(RTA_DST, to.base());
  if (gateway) message.put(RTA_GATEWAY, *gateway);
  return message.send(netlink, "route " + to.to_text() + " to " + link);
}

Status wait_running(const std::set<std::string>& names, std::chrono::milliseconds deadline) {
  auto events = Netlink::open();
  if (!events) return events.error();
  if (auto listening = events->listen_to_news(); !listening) return listening;
  auto netlink = Netlink::open();
  if (!netlink) return netlink.error();
  const auto end = Clock::now() + deadline;
  for (;;) {
    events->hear();
    auto links = netlink->links();
    if (!links) return links.error();
    std::set<std::string> waiting = names;
    for (const endpoint::Link& link : *links)
      if (link.running) waiting.erase(link.name);
    if (waiting.empty()) return base::done();
    if (!wait_for_news(*events, end)) return Error("interface " + *waiting.begin() + " does not come up");
  }
}

Result<std::string> read_sysctl(const std::string& path) {
  const std::string file = "/proc/sys/" + path;
  base::Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  char text[64];
  const ssize_t got = fd.valid() ? ::read(fd.get(), text, sizeof(text)) : -1;
  if (got < 0) return Error::from_errno(errno, "read " + file);
  std::string value(text, static_cast<size_t>(got));
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

Status write_sysctl(const std::string& path, const std::string& value) {
  const std::string file = "/proc/sys/" + path;
  base::Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid() || ::write(fd.get(), value.data(), value.size()) < 0)
    return Error::from_errno(errno, "write " + value + " to " + file);
  return base::done();
}

}  // namespace sluice::lab
