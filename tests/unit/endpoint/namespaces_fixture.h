// Links, addresses and namespaces made by hand, as a CNI plugin of any kind might; in a sandbox.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "agent/endpoint/discover.h"
#include "agent/endpoint/netlink.h"
#include "agent/endpoint/netns.h"

namespace sluice::endpoint {

// One link request, made by hand: what a CNI plugin of any kind might do.
inline base::Status veth(const std::string& near, const std::string& far, int far_netns) {
  nl_msg* message = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  ifinfomsg info{};
  nlmsg_append(message, &info, sizeof(info), NLMSG_ALIGNTO);
  nla_put_string(message, IFLA_IFNAME, near.c_str());
  nlattr* link_info = nla_nest_start(message, IFLA_LINKINFO);
  nla_put_string(message, IFLA_INFO_KIND, "veth");
  nlattr* data = nla_nest_start(message, IFLA_INFO_DATA);
  nlattr* peer = nla_nest_start(message, VETH_INFO_PEER);
  nlmsg_append(message, &info, sizeof(info), NLMSG_ALIGNTO);
  nla_put_string(message, IFLA_IFNAME, far.c_str());
  if (far_netns >= 0) nla_put_u32(message, IFLA_NET_NS_FD, static_cast<uint32_t>(far_netns));
  nla_nest_end(message, peer);
  nla_nest_end(message, data);
  nla_nest_end(message, link_info);
  auto netlink = Netlink::open();
  return netlink ? netlink->request(message, "veth " + near) : base::Status(netlink.error());
}

// An interface of a kind that needs nothing else said: a bridge, a dummy.
inline base::Status link_of(const std::string& kind, const std::string& name) {
  nl_msg* message = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  ifinfomsg info{};
  nlmsg_append(message, &info, sizeof(info), NLMSG_ALIGNTO);
  nla_put_string(message, IFLA_IFNAME, name.c_str());
  nlattr* link_info = nla_nest_start(message, IFLA_LINKINFO);
  nla_put_string(message, IFLA_INFO_KIND, kind.c_str());
  nla_nest_end(message, link_info);
  auto netlink = Netlink::open();
  return netlink ? netlink->request(message, kind + " " + name) : base::Status(netlink.error());
}

inline base::Status enslave(const std::string& name, const std::string& bridge) {
  nl_msg* message = nlmsg_alloc_simple(RTM_NEWLINK, 0);
  ifinfomsg info{};
  info.ifi_index = static_cast<int>(::if_nametoindex(name.c_str()));
  nlmsg_append(message, &info, sizeof(info), NLMSG_ALIGNTO);
  nla_put_u32(message, IFLA_MASTER, ::if_nametoindex(bridge.c_str()));
  auto netlink = Netlink::open();
  return netlink ? netlink->request(message, "enslave " + name) : base::Status(netlink.error());
}

inline base::Status link_flags(const std::string& name, int type, unsigned flags) {
  nl_msg* message = nlmsg_alloc_simple(type, 0);
  ifinfomsg info{};
  info.ifi_index = static_cast<int>(::if_nametoindex(name.c_str()));
  info.ifi_flags = info.ifi_change = flags;
  nlmsg_append(message, &info, sizeof(info), NLMSG_ALIGNTO);
  auto netlink = Netlink::open();
  return netlink ? netlink->request(message, "link " + name) : base::Status(netlink.error());
}
inline base::Status set_up(const std::string& name) {
  return link_flags(name, RTM_NEWLINK, IFF_UP);
}
inline base::Status remove(const std::string& name) {
  return link_flags(name, RTM_DELLINK, 0);
}

inline base::Status address(const std::string& link, const std::string& text,
                            uint8_t scope = RT_SCOPE_UNIVERSE, const std::string& peer = "") {
  const net::Ip ip = *net::Ip::parse(text), other = *net::Ip::parse(peer.empty() ? text : peer);
  nl_msg* message = nlmsg_alloc_simple(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  ifaddrmsg info{};
  info.ifa_family = ip.family() == net::Family::kIpv4 ? AF_INET : AF_INET6;
  info.ifa_prefixlen = static_cast<uint8_t>(net::address_bits(ip.family()));
  info.ifa_index = ::if_nametoindex(link.c_str());
  info.ifa_scope = scope;
  nlmsg_append(message, &info, sizeof(info), NLMSG_ALIGNTO);
  nla_put(message, IFA_LOCAL, static_cast<int>(ip.bytes().size()), ip.bytes().data());
  nla_put(message, IFA_ADDRESS, static_cast<int>(other.bytes().size()), other.bytes().data());
  auto netlink = Netlink::open();
  return netlink ? netlink->request(message, "address " + text) : base::Status(netlink.error());
}

#define ASSERT_DONE(expression)                                       \
  do {                                                                \
    const auto status_of_it = (expression);                           \
    ASSERT_TRUE(status_of_it.ok()) << status_of_it.error().message(); \
  } while (false)

// A directory of namespaces that is emptied however the test ends.
class Namespaces : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::mkdir(dir_.c_str(), 0755), 0); }
  void TearDown() override {
    auto netlink = Netlink::open();
    const auto links = netlink->links();
    for (const Link& link : *links)
      if (link.kind == "veth" && ::if_nametoindex(link.name.c_str()) != 0) (void)remove(link.name);
    const auto names = names_in(dir_);
    for (const std::string& name : *names) drop(name);
    ::rmdir(dir_.c_str());
  }

  std::string path(const std::string& name) const { return dir_ + "/" + name; }
  // As `ip netns add`: the file first, then the mount.
  void touch(const std::string& name) const {
    ASSERT_TRUE(base::Fd(::open(path(name).c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444)).valid());
  }
  void mount_over(const std::string& name) const {
    int code = -1;
    ASSERT_DONE(on_fresh_thread([&] {
      code = ::unshare(CLONE_NEWNET);
      if (code == 0) code = ::mount("/proc/thread-self/ns/net", path(name).c_str(), "none", MS_BIND, nullptr);
    }));
    ASSERT_EQ(code, 0);
  }
  Netns add(const std::string& name) const {
    touch(name);
    mount_over(name);
    return std::move(*Netns::open(path(name)));
  }
  void drop(const std::string& name) const {
    ::umount2(path(name).c_str(), MNT_DETACH);
    ::unlink(path(name).c_str());
  }

  const std::string dir_ = "/run/endpoint-test";
};

}  // namespace sluice::endpoint
