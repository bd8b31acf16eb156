// discover() and node_addresses() on real namespaces, in a sandbox. The lab, one layer up,
// repeats discovery on both topologies; here are the odd cases: stale files, veths that lead elsewhere, late
// directories.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/base/sys_admin.h"
#include "agent/endpoint/discover.h"
#include "agent/endpoint/netlink.h"
#include "agent/endpoint/node_addresses.h"
#include "tests/live/sandbox.h"
#include "tests/unit/endpoint/namespaces_fixture.h"

namespace sluice::endpoint {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const auto* const kSandbox = ::testing::AddGlobalTestEnvironment(new live::SandboxEnvironment);

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

// As a virtual machine's pod has it: the interface is a port of a bridge, which has the pod's address, or a
// link-local one alone.
TEST_F(Namespaces, AnAddressBehindABridgeIsTheInterfaces) {
  const Netns a = add("a");
  ASSERT_DONE(veth("near-a", "eth0-nic", a.fd()));
  const int near = static_cast<int>(::if_nametoindex("near-a"));
  ASSERT_DONE(within(a, [] { return link_of("bridge", "k6t-eth0"); }));
  ASSERT_DONE(within(a, [] { return address("k6t-eth0", "10.0.0.1"); }));
  EXPECT_THAT(discover(dir_)->bare, ElementsAre(::testing::Pair(near, "a"))) << "no port of the bridge yet";
  ASSERT_DONE(within(a, [] { return enslave("eth0-nic", "k6t-eth0"); }));
  EXPECT_THAT(lines_of(*discover(dir_)), ElementsAre("a near-a 10.0.0.1"));
  ASSERT_DONE(within(a, [] { return remove("k6t-eth0"); }));
  ASSERT_DONE(within(a, [] { return link_of("bridge", "k6t-eth0"); }));
  ASSERT_DONE(within(a, [] { return address("k6t-eth0", "169.254.75.10"); }));
  ASSERT_DONE(within(a, [] { return enslave("eth0-nic", "k6t-eth0"); }));
  const auto discovery = discover(dir_);
  EXPECT_THAT(discovery->found, IsEmpty());
  EXPECT_THAT(discovery->bare, ElementsAre(::testing::Pair(near, "a")));
  EXPECT_THAT(discovery->unseen, IsEmpty());
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
  ASSERT_DONE(veth("both0", "both1", -1));
  EXPECT_THAT(lines_of(*discover(dir_)), IsEmpty());
  EXPECT_THAT(discover(dir_)->leads_out, ElementsAre(static_cast<int>(::if_nametoindex("near-a")),
                                                     static_cast<int>(::if_nametoindex("near-b"))));
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

// One line with the cause for all of them, and what is not seen is unseen.
TEST_F(Namespaces, WithoutDescriptorsTheRestIsUnseenAndOneLineSaysWhy) {
  std::vector<Netns> namespaces;
  for (const char* name : {"a", "b", "c", "d"}) namespaces.push_back(add(name));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlim_t next = static_cast<rlim_t>(base::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)).get());
  const rlimit low{next + 4,
                   before.rlim_max};  // our own namespace, a socket here; a namespace, a socket in there
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  const auto discovery = discover(dir_);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(discovery.ok()) << discovery.error().message();
  EXPECT_THAT(discovery->problems, IsEmpty());
  EXPECT_THAT(discovery->unseen,
              ElementsAre(::testing::AllOf(
                  HasSubstr(" namespaces, the first of them "),
                  HasSubstr(": Too many open files: raise the limit of open files, which is " +
                            std::to_string(next + 4)))));
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
    base::lower_sys_admin();
    EXPECT_FALSE(is_in_effect(CAP_SYS_ADMIN));
    const auto ran = run_within(a, [&] {
      inside = true;
      EXPECT_FALSE(is_in_effect(CAP_SYS_ADMIN));
    });
    EXPECT_TRUE(ran.ok());
    {
      const base::RaisedSysAdmin raised;
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
    base::lower_sys_admin();
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

}  // namespace
}  // namespace sluice::endpoint
