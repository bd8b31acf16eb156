// The lab on real namespaces, in a sandbox: both topologies and families; what up() makes discover() finds,
// probe() connects and down() removes, whatever happened in between.
#include "agent/lab/lab.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>

#include "agent/endpoint/discover.h"
#include "agent/endpoint/match.h"
#include "agent/endpoint/netlink.h"
#include "agent/endpoint/watch.h"
#include "agent/lab/journal.h"
#include "agent/lab/plan.h"
#include "agent/lab/wire.h"
#include "tests/live/sandbox.h"

namespace sluice::lab {
namespace {

using model::Cell;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const auto* const kSandbox = ::testing::AddGlobalTestEnvironment(new live::SandboxEnvironment);

model::Pod pod(const std::string& name, const std::vector<std::string>& ips) {
  model::Pod pod;
  pod.name = {"shop", name};
  for (const std::string& ip : ips) pod.ips.push_back(*net::Ip::parse(ip));
  return pod;
}

model::Cluster cluster_of(const std::vector<model::Pod>& pods) {
  model::Cluster cluster;
  for (const model::Pod& pod : pods) cluster.pods[pod.name] = pod;
  return cluster;
}

model::Cluster three_pods() {
  return cluster_of(
      {pod("both", {"10.1.0.1", "fd00:1::1"}), pod("four", {"10.2.0.1"}), pod("six", {"fd00:3::1"})});
}

std::vector<Outside> internet() {
  return {*parse_outside("internet=203.0.113.1,2001:db8::1")};
}

// Everything that a lab could leave behind, as text.
std::vector<std::string> traces() {
  std::vector<std::string> lines;
  auto netlink = endpoint::Netlink::open();
  const auto links = netlink->links();
  for (const endpoint::Link& link : *links) lines.push_back("link " + link.name);
  for (const char* dir : {"/run", "/run/netns"}) {
    const auto names = endpoint::names_in(dir);
    for (const std::string& name : *names) lines.push_back(std::string(dir) + "/" + name);
  }
  for (const char* family : {"ipv4", "ipv6"}) {
    const auto links_of = endpoint::names_in(std::string("/proc/sys/net/") + family + "/conf");
    for (const std::string& link : *links_of) {
      const std::string path = std::string("net/") + family + "/conf/" + link + "/forwarding";
      lines.push_back(path + " " + *read_sysctl(path));
    }
  }
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);) lines.push_back(line);
  return lines;
}

class Lab : public ::testing::TestWithParam<Topology> {
 protected:
  void SetUp() override {
    options_.topology = GetParam();
    before_ = traces();
  }
  void TearDown() override {
    const auto removed = down(options_.directories);
    EXPECT_TRUE(removed.ok()) << removed.error().message();
    EXPECT_EQ(traces(), before_);
  }
  model::Matrix probed(const model::Cluster& cluster, ProbeOptions options) {
    auto matrix = probe(cluster, options);
    EXPECT_TRUE(matrix.ok()) << matrix.error().message();
    return matrix.ok() ? *matrix : model::Matrix();
  }

  Options options_;
  std::vector<std::string> before_;
};

TEST_P(Lab, DiscoveryFindsEveryHostOnItsInterface) {
  options_.outside = internet();
  const auto hosts = up(three_pods(), options_);
  ASSERT_TRUE(hosts.ok()) << hosts.error().message();
  const auto discovery = endpoint::discover(options_.directories.netns_dir);
  ASSERT_TRUE(discovery.ok());
  EXPECT_THAT(discovery->problems, IsEmpty());
  ASSERT_EQ(discovery->found.size(), 4u);
  for (const Host& host : *hosts) {
    const auto found = std::ranges::find(discovery->found, host.netns, &endpoint::Found::netns);
    ASSERT_NE(found, discovery->found.end()) << host.netns;
    EXPECT_EQ(found->host_ifname, host.host_ifname);
    EXPECT_EQ(found->host_ifindex, static_cast<int>(::if_nametoindex(host.host_ifname.c_str())));
    EXPECT_EQ(found->addresses, host.ips);
  }
  const auto matching = endpoint::match(discovery->found, three_pods());
  EXPECT_EQ(matching.pods.size(), 3u);
  EXPECT_THAT(matching.problems, IsEmpty());
}

TEST_P(Lab, EveryPairWithACommonFamilyConnects) {
  options_.outside = internet();
  ASSERT_TRUE(up(three_pods(), options_).ok());
  for (const net::Protocol protocol : {net::kTcp, net::kUdp}) {
    ProbeOptions options;
    options.protocol = protocol;
    const auto matrix = probed(three_pods(), options);
    ASSERT_EQ(matrix.pods.size(), 4u);
    EXPECT_EQ(model::to_table(matrix, false),
              protocol.to_text() +
                  " 80, from the row to the column\n"
                  "            1 2 3 4\n"
                  "1 shop/both - # # #\n"
                  "2 shop/four # - ? #\n"
                  "3 shop/six  # ? - #\n"
                  "4 internet  # # # -\n"
                  "# passes   . is stopped   - itself   ? no address family in common\n");
  }
}

TEST_P(Lab, AFamilyCanBeAskedFor) {
  ASSERT_TRUE(up(three_pods(), options_).ok());
  for (const auto& [family, other] :
       {std::pair(net::Family::kIpv4, size_t{1}), std::pair(net::Family::kIpv6, size_t{2})}) {
    ProbeOptions options;
    options.family = family;
    const auto matrix = probed(three_pods(), options);
    EXPECT_EQ(matrix.cells[0][other], Cell::kAllow);
    EXPECT_EQ(matrix.cells[0][3 - other], Cell::kNoPath);
  }
}

// The host forwards nothing any more, and says so to nobody.
void silence(Topology topology, const std::vector<Host>& hosts) {
  if (topology == Topology::kRouted) {
    for (const Host& host : hosts)
      ASSERT_TRUE(write_sysctl("net/ipv4/conf/" + host.host_ifname + "/forwarding", "0").ok());
    return;
  }
  const base::Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::string(kBridgeName).copy(request.ifr_name, IFNAMSIZ - 1);
  ASSERT_EQ(::ioctl(fd.get(), SIOCSIFFLAGS, &request), 0);
}

TEST_P(Lab, WhatDoesNotAnswerIsDeniedAndAllPairsWaitTogether) {
  std::vector<model::Pod> pods;
  for (int i = 0; i < 15; ++i)
    pods.push_back(pod("p" + std::to_string(100 + i), {"10.9.0." + std::to_string(i + 1)}));
  const auto cluster = cluster_of(pods);
  const auto hosts = up(cluster, options_);
  ASSERT_TRUE(hosts.ok()) << hosts.error().message();
  silence(GetParam(), *hosts);
  for (const net::Protocol protocol : {net::kTcp, net::kUdp}) {
    ProbeOptions options;
    options.protocol = protocol;
    const auto start = std::chrono::steady_clock::now();
    const auto matrix = probed(cluster, options);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1500));
    EXPECT_EQ(matrix, model::Matrix::closed(protocol, options.port, matrix.pods));
  }
}

TEST_P(Lab, UpTwiceIsRefusedAndLeavesTheFirstStanding) {
  ASSERT_TRUE(up(three_pods(), options_).ok());
  const auto again = up(three_pods(), options_);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().message(), "a lab is already up: run \"sluicectl lab down\" first");
  EXPECT_EQ(probed(three_pods(), {}).cells[0][1], Cell::kAllow);
}

TEST_P(Lab, ANameThatIsTakenIsAnErrorAndNothingOfItIsTouched) {
  const std::string taken = options_.directories.netns_dir + "/sluice-shop-six";
  ASSERT_TRUE(base::Fd(::open(taken.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)).valid());
  const auto refused = up(three_pods(), options_);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr(taken + " exists already and is not this lab's"));
  ASSERT_EQ(::unlink(taken.c_str()), 0);  // it was still there
  EXPECT_EQ(traces(), before_);           // and what was made before it is gone again
}

TEST_P(Lab, AnInterfaceNameThatIsTakenIsAnErrorToo) {
  auto netlink = Netlink::open();
  const std::string taken = host_interface_name("sluice-shop-six");
  ASSERT_TRUE(add_bridge(*netlink, taken, {2, 0, 0, 0, 0, 9}).ok());
  const auto refused = up(three_pods(), options_);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr("interface " + taken + " exists already"));
  const auto links = netlink->links();
  const auto link = std::ranges::find(*links, taken, &endpoint::Link::name);
  ASSERT_NE(link, links->end());
  ASSERT_TRUE(remove_link(*netlink, *link).ok());
}

// At whatever moment the kill comes.
TEST_P(Lab, DownAfterAKillRemovesWhatWasMade) {
  const auto cluster = three_pods();
  for (const useconds_t after : {1000u, 5000u, 10000u, 20000u, 40000u}) {
    const pid_t child = ::fork();
    if (child == 0) {
      (void)up(cluster, options_);
      ::_exit(0);
    }
    // The deadline of the kill is the test's parameter, not a wait for something to happen.
    pollfd none{-1, 0, 0};
    ::poll(&none, 1, static_cast<int>(after / 1000));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    const auto removed = down(options_.directories);
    ASSERT_TRUE(removed.ok()) << removed.error().message();
    EXPECT_EQ(traces(), before_) << "killed after " << after << " microseconds";
  }
}

TEST_P(Lab, WhatTookTheNameSinceIsLeftAlone) {
  const auto hosts = up(three_pods(), options_);
  ASSERT_TRUE(hosts.ok());
  auto netlink = Netlink::open();
  const auto links = netlink->links();
  const std::string name = (*hosts)[0].host_ifname;
  ASSERT_TRUE(remove_link(*netlink, *std::ranges::find(*links, name, &endpoint::Link::name)).ok());
  ASSERT_TRUE(add_bridge(*netlink, name, {2, 0, 0, 0, 0, 9}).ok());
  const auto refused = down(options_.directories);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr("interface " + name + " is not the one the lab made"));
  const auto left = netlink->links();
  const auto link = std::ranges::find(*left, name, &endpoint::Link::name);
  ASSERT_NE(link, left->end());
  ASSERT_TRUE(remove_link(*netlink, *link).ok());
}

TEST_P(Lab, WatchHearsOfUpAndDown) {
  auto watch = endpoint::EndpointWatch::open(options_.directories.netns_dir);
  ASSERT_TRUE(watch.ok());
  const auto hears = [&](size_t places) {
    for (;;) {
      pollfd fd{watch->fd(), POLLIN, 0};
      if (::poll(&fd, 1, 5000) <= 0) return false;
      if (!watch->drain().ok()) return false;
      if (endpoint::discover(options_.directories.netns_dir)->found.size() == places) return true;
    }
  };
  ASSERT_TRUE(up(three_pods(), options_).ok());
  EXPECT_TRUE(hears(3));
  ASSERT_TRUE(down(options_.directories).ok());
  EXPECT_TRUE(hears(0));
}

// The node reaches its pods and they reach it: what kubelet's probes and semantics 17 rest on.
TEST_P(Lab, TheNodeReachesItsPods) {
  ASSERT_TRUE(up(three_pods(), options_).ok());
  const auto netns = endpoint::Netns::open(options_.directories.netns_dir + "/sluice-shop-four");
  const auto server = endpoint::within(*netns, []() -> base::Result<int> {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = net::Port::from_host(8080).network();
    if (::bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof(any)) != 0 || ::listen(fd, 1) != 0)
      return base::Error::from_errno(errno, "listen");
    return fd;
  });
  ASSERT_TRUE(server.ok());
  const base::Fd listener(*server), client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval deadline{.tv_sec = 2, .tv_usec = 0};
  ::setsockopt(client.get(), SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = net::Port::from_host(8080).network();
  to.sin_addr.s_addr = __builtin_bswap32(0x0a020001);
  EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0) << errno;
}

INSTANTIATE_TEST_SUITE_P(BothWays, Lab, ::testing::Values(Topology::kRouted, Topology::kBridge),
                         [](const auto& row) {
                           return row.param == Topology::kRouted ? "Routed" : "Bridge";
                         });

TEST(LabProbe, SaysWhatIsMissing) {
  const auto none = probe(three_pods(), {});
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.error().message(), HasSubstr("no lab is up"));
  EXPECT_TRUE(down({}).ok());  // nothing to do
  ASSERT_TRUE(up(cluster_of({pod("four", {"10.2.0.1"})}), {}).ok());
  const auto unknown = probe(three_pods(), {});
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.error().message(), HasSubstr("shop/both is not in the lab"));
  ASSERT_TRUE(down({}).ok());
}

TEST(LabProbe, SctpWhereTheKernelHasItElseAClearError) {
  ASSERT_TRUE(up(cluster_of({pod("a", {"10.2.0.1"}), pod("b", {"10.2.0.2"})}), {}).ok());
  ProbeOptions options;
  options.protocol = net::kSctp;
  const auto matrix = probe(cluster_of({pod("a", {"10.2.0.1"}), pod("b", {"10.2.0.2"})}), options);
  if (matrix.ok())
    EXPECT_EQ(matrix->cells[0][1], Cell::kAllow);
  else
    EXPECT_THAT(matrix.error().message(), HasSubstr("this kernel has no SCTP"));
  ASSERT_TRUE(down({}).ok());
}

}  // namespace
}  // namespace sluice::lab
