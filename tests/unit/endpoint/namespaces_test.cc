// discover(), EndpointWatch and node_addresses() on real namespaces, in a sandbox. The lab, one layer up,
// repeats discovery on both topologies; here are the odd cases: stale files, veths that lead elsewhere, late
// directories.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <functional>

#include "agent/base/sys_admin.h"
#include "agent/endpoint/discover.h"
#include "agent/endpoint/netlink.h"
#include "agent/endpoint/node_addresses.h"
#include "agent/endpoint/watch.h"
#include "tests/live/sandbox.h"

namespace sluice::endpoint {
namespace {

using base::Status;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const auto* const kSandbox = ::testing::AddGlobalTestEnvironment(new live::SandboxEnvironment);

constexpr int kDeadlineMs = 5000;

// One link request, made by hand: what a CNI plugin of any kind might do.
Status veth(const std::string& near, const std::string& far, int far_netns) {
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
  return netlink ? netlink->request(message, "veth " + near) : Status(netlink.error());
}

Status link_flags(const std::string& name, int type, unsigned flags) {
  nl_msg* message = nlmsg_alloc_simple(type, 0);
  ifinfomsg info{};
  info.ifi_index = static_cast<int>(::if_nametoindex(name.c_str()));
  info.ifi_flags = info.ifi_change = flags;
  nlmsg_append(message, &info, sizeof(info), NLMSG_ALIGNTO);
  auto netlink = Netlink::open();
  return netlink ? netlink->request(message, "link " + name) : Status(netlink.error());
}
Status set_up(const std::string& name) {
  return link_flags(name, RTM_NEWLINK, IFF_UP);
}
Status remove(const std::string& name) {
  return link_flags(name, RTM_DELLINK, 0);
}

Status address(const std::string& link, const std::string& text, uint8_t scope = RT_SCOPE_UNIVERSE,
               const std::string& peer = "") {
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
  return netlink ? netlink->request(message, "address " + text) : Status(netlink.error());
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

std::vector<std::string> lines_of(const Discovery& discovery) {
  std::vector<std::string> lines;
  for (const Found& found : discovery.found) {
    std::string line = found.netns + " " + found.host_ifname;
    for (const net::Ip& ip : found.addresses) line += " " + ip.to_text();
    EXPECT_EQ(found.host_ifindex, static_cast<int>(::if_nametoindex(found.host_ifname.c_str())));
    lines.push_back(line);
  }
  return lines;
}

TEST_F(Namespaces, WithinReturnsAndLeavesTheCallerWhereItWas) {
  const Netns inner = add("inner");
  const auto before = Netns::current();
  const auto seen = within(inner, [] { return Netns::current(); });
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen->id(), inner.id());
  EXPECT_EQ(Netns::current()->id(), before->id());
}

TEST_F(Namespaces, FindsPlainPeerToPeerAndDualStackAddresses) {
  const Netns a = add("a"), b = add("b");
  ASSERT_DONE(veth("near-a", "eth0", a.fd()));
  ASSERT_DONE(veth("near-b", "eth0", b.fd()));
  ASSERT_DONE(within(a, [] { return address("eth0", "10.0.0.1"); }));
  ASSERT_DONE(within(a, [] { return address("eth0", "fd00::1"); }));
  ASSERT_DONE(within(a, [] { return address("eth0", "169.254.7.7", RT_SCOPE_LINK); }));
  ASSERT_DONE(within(b, [] { return address("eth0", "10.0.0.2", RT_SCOPE_UNIVERSE, "169.254.1.1"); }));
  const auto discovery = discover(dir_);
  ASSERT_TRUE(discovery.ok()) << discovery.error().message();
  EXPECT_THAT(lines_of(*discovery), ElementsAre("a near-a 10.0.0.1 fd00::1", "b near-b 10.0.0.2"));
  EXPECT_THAT(discovery->problems, IsEmpty());
}

TEST_F(Namespaces, TwoInterfacesOfOneNamespaceAreTwoFinds) {
  const Netns a = add("a");
  ASSERT_DONE(veth("near-0", "eth0", a.fd()));
  ASSERT_DONE(veth("near-1", "net1", a.fd()));
  ASSERT_DONE(within(a, [] { return address("eth0", "10.0.0.1"); }));
  ASSERT_DONE(within(a, [] { return address("net1", "10.1.0.1"); }));
  EXPECT_THAT(lines_of(*discover(dir_)), ElementsAre("a near-0 10.0.0.1", "a near-1 10.1.0.1"));
}

// Interface numbers start anew in every namespace, so the index alone proves nothing.
TEST_F(Namespaces, AVethBetweenTwoPodsLeadsNowhereHere) {
  const Netns a = add("a"), b = add("b");
  ASSERT_DONE(veth("near-a", "eth0", a.fd()));
  ASSERT_DONE(veth("near-b", "eth0", b.fd()));
  ASSERT_DONE(within(a, [&] { return veth("side", "side", b.fd()); }));
  ASSERT_DONE(within(a, [] { return veth("own0", "own1", -1); }));
  for (const char* link : {"side", "own0", "own1"})
    ASSERT_DONE(within(a, [&] { return address(link, "10.5.0." + std::to_string(::if_nametoindex(link))); }));
  ASSERT_DONE(within(b, [] { return address("side", "10.6.0.1"); }));
  EXPECT_THAT(lines_of(*discover(dir_)), IsEmpty());
  ASSERT_DONE(within(b, [] { return address("eth0", "10.0.0.2"); }));
  EXPECT_THAT(lines_of(*discover(dir_)), ElementsAre("b near-b 10.0.0.2"));
}

TEST_F(Namespaces, WhatIsNoNamespaceIsAProblemAndTheRestCounts) {
  touch("stale");
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  ASSERT_EQ(::symlink("/proc/self/ns/mnt", path("mnt").c_str()), 0);
  ASSERT_EQ(::symlink("/proc/self/ns/net", path("host").c_str()), 0);  // ours: not a pod, no problem
  const Netns a = add("a");
  ASSERT_EQ(::symlink(path("a").c_str(), path("also-a").c_str()), 0);  // counts once
  ASSERT_DONE(veth("near-a", "eth0", a.fd()));
  ASSERT_DONE(within(a, [] { return address("eth0", "10.0.0.1"); }));
  const auto discovery = discover(dir_);
  ASSERT_TRUE(discovery.ok());
  EXPECT_THAT(lines_of(*discovery), ElementsAre("a near-a 10.0.0.1"));
  EXPECT_THAT(discovery->problems,
              ElementsAre(HasSubstr("namespace fifo"), HasSubstr("namespace mnt"),
                          HasSubstr("namespace stale: " + path("stale") + " is not a network namespace")));
}

TEST(Discover, ADirectoryThatIsNotThereProvesNothing) {
  const auto discovery = discover("/run/no/such/directory");
  ASSERT_TRUE(discovery.ok());
  EXPECT_THAT(discovery->found, IsEmpty());
  EXPECT_THAT(discovery->unseen,
              ElementsAre(HasSubstr("--netns-dir /run/no/such/directory: does not exist")));
  EXPECT_THAT(discovery->host_interfaces, Contains(::testing::Pair(1, "lo")));
}

TEST(Discover, ADirectoryThatCannotBeReadProvesNothing) {
  const auto discovery = discover("/proc/self/status");
  ASSERT_TRUE(discovery.ok());
  EXPECT_THAT(discovery->unseen, ElementsAre(HasSubstr("open /proc/self/status: Not a directory")));
}

// What an agent that lost CAP_SYS_ADMIN sees.
TEST_F(Namespaces, ANamespaceThatCannotBeEnteredIsUnseen) {
  const Netns a = add("a");
  ASSERT_DONE(veth("near-a", "eth0", a.fd()));
  ASSERT_DONE(within(a, [] { return address("eth0", "10.0.0.1"); }));
  std::optional<base::Result<Discovery>> discovery;
  ASSERT_DONE(on_fresh_thread([&] {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    ::syscall(SYS_capget, &header, data);
    data[0].effective &= ~(1U << CAP_SYS_ADMIN);
    data[0].permitted &= ~(1U << CAP_SYS_ADMIN);
    if (::syscall(SYS_capset, &header, data) == 0) discovery = discover(dir_);
  }));
  ASSERT_TRUE(discovery && discovery->ok());
  EXPECT_THAT((*discovery)->found, IsEmpty());
  EXPECT_THAT((*discovery)->problems, IsEmpty());
  EXPECT_THAT(
      (*discovery)->unseen,
      ElementsAre("namespace a: join a network namespace (needs CAP_SYS_ADMIN): Operation not permitted"));
  EXPECT_THAT((*discovery)->host_interfaces,
              Contains(::testing::Pair(static_cast<int>(::if_nametoindex("near-a")), "near-a")));
}

bool is_in_effect(unsigned capability) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  ::syscall(SYS_capget, &header, data);
  return (data[capability / 32].effective & CAP_TO_MASK(capability)) != 0;
}

// As the agent runs: laid down, and raised for the moment of entering.
TEST_F(Namespaces, ACapabilityThatIsLaidDownIsEnough) {
  const Netns a = add("a");
  bool inside = false;
  ASSERT_DONE(on_fresh_thread([&] {
    base::lay_down_sys_admin();
    EXPECT_FALSE(is_in_effect(CAP_SYS_ADMIN));
    const auto ran = run_within(a, [&] {
      inside = true;
      EXPECT_FALSE(is_in_effect(CAP_SYS_ADMIN));
    });
    EXPECT_TRUE(ran.ok());
    {
      const base::SysAdmin raised;
      EXPECT_TRUE(is_in_effect(CAP_SYS_ADMIN));
    }
    EXPECT_FALSE(is_in_effect(CAP_SYS_ADMIN));
    EXPECT_TRUE(is_in_effect(CAP_NET_ADMIN));
  }));
  EXPECT_TRUE(inside);
}

TEST_F(Namespaces, WhereItStandsForOthersItStays) {
  ASSERT_DONE(on_fresh_thread([&] {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    ::syscall(SYS_capget, &header, data);
    data[CAP_TO_INDEX(CAP_BPF)].effective &= ~CAP_TO_MASK(CAP_BPF);
    EXPECT_EQ(::syscall(SYS_capset, &header, data), 0);
    base::lay_down_sys_admin();
    EXPECT_TRUE(is_in_effect(CAP_SYS_ADMIN));
  }));
}

TEST_F(Namespaces, NodeAddressesAreThoseOfEveryInterfaceButLoopbackOnes) {
  const Netns a = add("a");
  ASSERT_DONE(veth("near-a", "eth0", a.fd()));
  ASSERT_DONE(address("near-a", "169.254.1.1", RT_SCOPE_LINK));
  ASSERT_DONE(address("near-a", "fe80::1"));
  ASSERT_DONE(address("near-a", "192.0.2.10"));
  const auto addresses = node_addresses();
  ASSERT_TRUE(addresses.ok());
  std::vector<std::string> texts;
  for (const net::Ip& ip : *addresses) texts.push_back(ip.to_text());
  EXPECT_THAT(texts, ElementsAre("169.254.1.1", "192.0.2.10", "fe80::1"));
}

// Drains until the wanted news were there; a deadline, no sleep. Nested in an epoll of its own, as an event
// loop would.
bool hears(EndpointWatch& watch, const std::function<bool(const News&)>& wanted) {
  for (;;) {
    pollfd fd{watch.fd(), POLLIN, 0};
    if (::poll(&fd, 1, kDeadlineMs) <= 0) return false;
    const auto news = watch.drain();
    if (!news.ok()) return false;
    if (wanted(*news)) return true;
  }
}

void quieten(EndpointWatch& watch) {
  pollfd fd{watch.fd(), POLLIN, 0};
  while (::poll(&fd, 1, 0) > 0) ASSERT_TRUE(watch.drain().ok());
}

TEST_F(Namespaces, WatchHearsOfTheMountThatComesAfterTheFile) {
  auto watch = EndpointWatch::open(dir_);
  ASSERT_TRUE(watch.ok()) << watch.error().message();
  touch("late");
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.namespaces; }));
  quieten(*watch);
  mount_over("late");
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.namespaces; }));
  quieten(*watch);
  drop("late");
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.namespaces; }));
}

TEST_F(Namespaces, WatchHearsOfLinksAndAddressesHereAndInside) {
  const Netns a = add("a");
  auto watch = EndpointWatch::open(dir_);
  ASSERT_TRUE(watch.ok());
  ASSERT_DONE(veth("near-a", "eth0", a.fd()));
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.links; }));
  ASSERT_DONE(address("near-a", "169.254.1.1", RT_SCOPE_LINK));
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.node_addresses; }));
  quieten(*watch);
  ASSERT_DONE(within(a, [] { return address("eth0", "10.0.0.1"); }));
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.inside && !news.links; }));
  quieten(*watch);
  ASSERT_DONE(remove("near-a"));
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.links; }));
}

TEST_F(Namespaces, WatchFollowsANamespaceThatCameLater) {
  auto watch = EndpointWatch::open(dir_);
  ASSERT_TRUE(watch.ok());
  const Netns a = add("a");
  ASSERT_TRUE(hears(*watch, [](const News& news) { return news.namespaces; }));
  quieten(*watch);
  ASSERT_DONE(within(a, [] { return set_up("lo"); }));
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.inside; }));
}

TEST_F(Namespaces, WatchWaitsForADirectoryThatComesLater) {
  const std::string deep = dir_ + "/one/two";
  auto watch = EndpointWatch::open(deep);
  ASSERT_TRUE(watch.ok()) << watch.error().message();
  ASSERT_EQ(::mkdir((dir_ + "/one").c_str(), 0755), 0);
  ASSERT_EQ(::mkdir(deep.c_str(), 0755), 0);
  pollfd fd{watch->fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&fd, 1, kDeadlineMs), 1);
  quieten(*watch);
  ASSERT_TRUE(base::Fd(::open((deep + "/x").c_str(), O_CREAT | O_CLOEXEC | O_WRONLY, 0600)).valid());
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.namespaces; }));
  ::unlink((deep + "/x").c_str());
  ::rmdir(deep.c_str());
  ::rmdir((dir_ + "/one").c_str());
}

// One descriptor is left, and it takes two to listen inside.
TEST_F(Namespaces, WatchTriesANamespaceAgainThatItCouldNotFollow) {
  auto watch = EndpointWatch::open(dir_);
  ASSERT_TRUE(watch.ok());
  const Netns a = add("a");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int lowest = base::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)).get();
  const rlimit scarce{static_cast<rlim_t>(lowest) + 1, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &scarce), 0);
  const auto first = watch->drain(), second = watch->drain();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_THAT(first->problems, ElementsAre(HasSubstr("follow namespace a: open a netlink socket")));
  EXPECT_EQ(second->problems, first->problems) << "for as long as it lasts";
  const auto third = watch->drain();
  ASSERT_TRUE(third.ok());
  EXPECT_THAT(third->problems, IsEmpty());
  EXPECT_TRUE(third->namespaces);
  quieten(*watch);
  ASSERT_DONE(within(a, [] { return set_up("lo"); }));
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.inside; }));
}

TEST_F(Namespaces, WatchSaysThatNewsWereLost) {
  const Netns a = add("a");
  ASSERT_DONE(veth("near-a", "eth0", a.fd()));
  auto watch = EndpointWatch::open(dir_);
  ASSERT_TRUE(watch.ok());
  // More news than a socket holds, and nobody reads.
  for (int i = 0; i < 1000; ++i)
    ASSERT_DONE(address("near-a", "10.77." + std::to_string(i / 250) + "." + std::to_string(i % 250)));
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.overrun; }));
}

}  // namespace
}  // namespace sluice::endpoint
