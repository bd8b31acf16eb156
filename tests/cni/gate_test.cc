// The gate of a pod's namespace: what a closed one passes, alone and around the chain of Debian's plugins.
#include "agent/endpoint/gate.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <chrono>
#include <cstring>
#include <filesystem>

#include "tests/cni/runtime.h"
#include "tests/live/pod_netns.h"
#include "tests/live/sandbox.h"

namespace sluice::cni {
namespace {

using base::Fd;
using endpoint::Netns;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

constexpr uint16_t kPort = 7000;
constexpr char kPath[] = "/run/cni-bin:/usr/lib/cni";

Fd udp(int family) {
  return Fd(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

sockaddr_in6 address_of(const std::string& ip) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(kPort);
  const std::string text = ip.find(':') == std::string::npos ? "::ffff:" + ip : ip;
  ::inet_pton(AF_INET6, text.c_str(), &address.sin6_addr);
  return address;
}

// 0, or why it could not be sent.
int send_byte(const Fd& from, const std::string& ip, char byte) {
  const sockaddr_in6 to = address_of(ip);
  const auto* generic = reinterpret_cast<const sockaddr*>(&to);
  return ::sendto(from.get(), &byte, 1, 0, generic, sizeof to) == 1 ? 0 : errno;
}

// What has arrived: one character a datagram.
std::string taken(const Fd& fd) {
  std::string all;
  for (char byte; ::recv(fd.get(), &byte, 1, 0) == 1;) all += byte;
  return all;
}

void raise_loopback() {
  const Fd fd = udp(AF_INET);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  EXPECT_EQ(::ioctl(fd.get(), SIOCSIFFLAGS, &request), 0);
}

class Gate : public ::testing::Test {
 protected:
  Gate() : pod_("gated"), netns_(std::move(Netns::open(pod_.path()).value())) {
    inside([this] {
      raise_loopback();
      socket_ = udp(AF_INET6);
      const sockaddr_in6 any = address_of("::");
      EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
    });
  }
  bool is_closed() const {
    const auto closed = endpoint::gate_is_closed(netns_);
    EXPECT_TRUE(closed) << closed.error().message();
    return *closed;
  }
  void inside(const std::function<void()>& what) {
    const auto ran = endpoint::run_within(netns_, what);
    EXPECT_TRUE(ran) << ran.error().message();
  }

  live::PodNetns pod_;
  Netns netns_;
  Fd socket_;  // of the namespace, bound to the port
};

TEST_F(Gate, ClosedItPassesNothingAndOpenedAllAsBefore) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_FALSE(is_closed());
    EXPECT_EQ(send_byte(socket_, "127.0.0.1", 'a'), 0);
    EXPECT_EQ(send_byte(socket_, "::1", 'b'), 0);
    EXPECT_EQ(taken(socket_), "ab");
    for (int again = 0; again < 2; ++again) {
      const auto closed = endpoint::close_gate(netns_);
      ASSERT_TRUE(closed) << closed.error().message();
      EXPECT_TRUE(is_closed());
      EXPECT_EQ(send_byte(socket_, "127.0.0.1", 'c'), EPERM);
      EXPECT_EQ(send_byte(socket_, "::1", 'd'), EPERM);
    }
    for (int again = 0; again < 2; ++again) {
      const auto opened = endpoint::open_gate(netns_);
      ASSERT_TRUE(opened) << opened.error().message();
      EXPECT_FALSE(is_closed());
    }
  }
  EXPECT_EQ(taken(socket_), "");
}

TEST_F(Gate, NeighboursAndListenersAreHeardAndNothingElseOfIcmp6) {
  ASSERT_TRUE(endpoint::close_gate(netns_));
  inside([] {
    const Fd raw(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6));
    sockaddr_in6 self = address_of("::1");
    self.sin6_port = 0;
    for (int type = 1; type < 256; ++type) {
      icmp6_hdr message{};
      message.icmp6_type = static_cast<uint8_t>(type);
      const bool sent = ::sendto(raw.get(), &message, sizeof message, 0,
                                 reinterpret_cast<const sockaddr*>(&self), sizeof self) > 0;
      EXPECT_EQ(sent, (type >= 130 && type <= 137) || type == 143) << type;
    }
  });
}

struct Maker {
  std::string type, more;
};
void PrintTo(const Maker& maker, std::ostream* out) {
  *out << maker.type;
}

// A pod as the chain makes it, seen between any two plugins.
class GatedChain : public ::testing::TestWithParam<Maker> {
 protected:
  static std::string list(const std::string& then) {
    return R"({"cniVersion": "1.0.0", "name": "gated", "plugins": [
        {"type": "sluice-cni", "gate": "close"},
        {"type": ")" +
           GetParam().type + "\"" + GetParam().more +
           R"(, "ipam": {"type": "host-local", "dataDir": "/run/ipam",
             "ranges": [[{"subnet": "10.244.9.0/24"}], [{"subnet": "fd00:9::/64"}]],
             "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}})" +
           then + "]}";
  }
  void SetUp() override {
    std::filesystem::create_directories("/run/cni-bin");
    std::filesystem::create_symlink(SLUICE_CNI, "/run/cni-bin/sluice-cni");
  }
  void TearDown() override {
    for (const char* dir : {"/run/cni-bin", "/run/ipam"}) std::filesystem::remove_all(dir);
    if (::if_nametoindex("cni9") != 0) {
      EXPECT_EQ(run_program("/bin/ip", {"link", "del", "cni9"}, {}, "").exit, 0);
    }
  }
};
INSTANTIATE_TEST_SUITE_P(EveryMaker, GatedChain,
                         ::testing::Values(Maker{"ptp", ""},
                                           Maker{"bridge", R"(, "bridge": "cni9", "isGateway": true)"}));

std::vector<std::string> addresses_in(const boost::json::value& result) {
  std::vector<std::string> all;
  for (const auto& entry : result.at("ips").as_array()) {
    const std::string text = entry.at("address").as_string().c_str();
    all.push_back(text.substr(0, text.find('/')));
  }
  return all;
}

// Sent until one arrives; what did.
std::string once_through(const Fd& from, const std::string& ip, const Fd& to) {
  const auto deadline = steady_clock::now() + std::chrono::seconds(20);
  for (std::string all; steady_clock::now() < deadline; all += taken(to)) {
    if (!all.empty()) return all.substr(0, 1);
    (void)send_byte(from, ip, 'o');
    pollfd readable{to.get(), POLLIN, 0};
    ::poll(&readable, 1, 20);
  }
  return "nothing in time";
}

TEST_P(GatedChain, NothingArrivesUntilItIsOpened) {
  const live::PodNetns pod("gated");
  const Netns netns = std::move(Netns::open(pod.path()).value());
  Fd inside;
  ASSERT_TRUE(endpoint::run_within(netns, [&] {
    inside = udp(AF_INET6);
    const sockaddr_in6 any = address_of("::");
    EXPECT_EQ(::bind(inside.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  }));
  Runtime runtime(list(""), kPath);
  const Attach attach{"c1", pod.path(), "web-1"};
  const Ran added = runtime.add(attach);
  ASSERT_EQ(added.exit, 0) << added.out << added.err;
  EXPECT_EQ(boost::json::serialize(runtime.results()[0]), R"({"cniVersion":"1.0.0"})");
  const Fd outside = udp(AF_INET6);
  const auto ips = addresses_in(runtime.results().back());
  ASSERT_EQ(ips.size(), 2u);
  for (const std::string& ip : ips)
    for (int i = 0; i < 100; ++i) (void)send_byte(outside, ip, 'c');
  ASSERT_TRUE(endpoint::open_gate(netns));
  for (const std::string& ip : ips) EXPECT_EQ(once_through(outside, ip, inside), "o") << ip;
  EXPECT_EQ(runtime.check(attach).exit, 0);
  EXPECT_EQ(runtime.del(attach).exit, 0);
}

TEST_P(GatedChain, ADeletedPodLeavesItsNamespaceOpen) {
  const live::PodNetns pod("gated");
  Runtime runtime(list(""), kPath);
  const Attach attach{"c1", pod.path(), "web-1"};
  ASSERT_EQ(runtime.add(attach).exit, 0);
  const Ran deleted = runtime.del(attach);
  EXPECT_EQ(deleted.exit, 0);
  EXPECT_EQ(deleted.err, "");
  const Netns netns = std::move(Netns::open(pod.path()).value());
  ASSERT_TRUE(endpoint::run_within(netns, [] {
    raise_loopback();
    EXPECT_EQ(send_byte(udp(AF_INET6), "::1", 'x'), 0);
  }));
}

TEST_P(GatedChain, StrictAndNotInForceItStaysClosedAndPermissiveItOpens) {
  for (const bool strict : {true, false}) {
    const live::PodNetns pod("gated");
    Runtime runtime(list(R"(, {"type": "sluice-cni", "gate": "open", "socket": "/run/nobody.sock",
                               "timeout": "100ms", "onFailure": ")" +
                         std::string(strict ? "strict" : "permissive") + "\"}"),
                    kPath);
    const Attach attach{"c1", pod.path(), "web-1"};
    EXPECT_EQ(runtime.add(attach).exit, strict ? 1 : 0);
    const Netns netns = std::move(Netns::open(pod.path()).value());
    ASSERT_TRUE(endpoint::run_within(netns, [strict] {
      raise_loopback();
      EXPECT_EQ(send_byte(udp(AF_INET6), "::1", 'x'), strict ? EPERM : 0);
    }));
    EXPECT_EQ(runtime.del(attach).exit, 0);
  }
}

// /proc/self is the plugin's own process, which stands where a runtime's does: on the node.
TEST(GateOfTheNode, IsNeverClosedWhateverTheRuntimeNames) {
  raise_loopback();
  for (const char* gate : {"close", "open"})
    for (const char* on_failure : {"strict", "permissive"}) {
      Runtime runtime(
          std::string(R"({"cniVersion": "1.0.0", "name": "gated", "plugins": [{"type": "sluice-cni",
                        "socket": "/run/nobody.sock", "timeout": "100ms", "gate": ")") +
              gate + R"(", "onFailure": ")" + on_failure + "\"}]}",
          std::filesystem::path(SLUICE_CNI).parent_path());
      const Ran added = runtime.add({"c1", "/proc/self/ns/net", "web-1"});
      EXPECT_EQ(added.exit, 1) << gate << " " << on_failure;
      EXPECT_THAT(added.out, HasSubstr(R"("code":4,)"));
      EXPECT_THAT(added.out, HasSubstr("CNI_NETNS /proc/self/ns/net: is this node's own"));
      EXPECT_EQ(send_byte(udp(AF_INET6), "::1", 'x'), 0);
    }
}

}  // namespace
}  // namespace sluice::cni
