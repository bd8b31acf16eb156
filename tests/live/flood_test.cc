// Live: floods by pods that nothing isolates, while connections of other pods stand idle. What the server pushes
// afterwards arrives: a client that is isolated for ingress would take it for a connection of the server's.
#include <chrono>
#include <fstream>
#include <iostream>

#include "agent/kernel/flows.h"
#include "tests/live/flood.h"
#include "tests/live/live_fixture.h"
#include "tests/live/pings.h"

namespace sluice::live {
namespace {

constexpr uint32_t kFlows = SLUICE_LEAST_FLOWS;
constexpr uint32_t kFlood = 350'000;  // connections, each a flow of both pods: more than there are entries
constexpr uint32_t kDisplaced = 100'000;  // flows at the least, then
constexpr uint32_t kTogether = 1000;
constexpr auto kHandshakeSeconds = std::chrono::seconds(20);
const fs::path kPins = "/sys/fs/bpf/sluice";
const char kWeb[] = "sluice-shop-frontend-1", kApi[] = "sluice-shop-api-1",
           kFlooding[] = "/run/netns/sluice-monitoring-prometheus-0",
           kFlooded[] = "/run/netns/sluice-kube-system-dns-0";
const net::Ip kApiIp = *net::Ip::parse("10.244.1.31"), kFloodingIp = *net::Ip::parse("10.244.1.90"),
              kFloodedIp = *net::Ip::parse("10.244.1.53");

const char kWebTakesNothing[] = R"(
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web-closed, namespace: shop}
spec: {podSelector: {matchLabels: {role: frontend}}, policyTypes: [Ingress]}
)";

// Datagrams between a client and a server that knows it.
class Datagrams {
 public:
  static base::Result<Datagrams> open(const std::string& from, const std::string& to, const net::Ip& at) {
    auto near = socket_in("/run/netns/" + from, AF_INET, SOCK_DGRAM, 0);
    auto far = socket_in("/run/netns/" + to, AF_INET, SOCK_DGRAM, 0);
    if (!near || !far) return near ? far.error() : near.error();
    const SocketAddress server(SocketAt{at, 5353});
    if (::bind(far->get(), server.get(), server.size()) != 0 ||
        ::connect(near->get(), server.get(), server.size()) != 0)
      return base::Error::from_errno(errno, "open a socket in " + to);
    return Datagrams(std::move(*near), std::move(*far));
  }
  bool ask() {
    char byte = 1;
    socklen_t size = sizeof client_;
    return ::send(near_.get(), &byte, 1, 0) == 1 && readable(far_.get(), kBeatMilliseconds) &&
           ::recvfrom(far_.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&client_), &size) == 1;
  }
  bool answer() {
    char byte = 2;
    return ::sendto(far_.get(), &byte, 1, 0, reinterpret_cast<const sockaddr*>(&client_), sizeof client_) ==
               1 &&
           readable(near_.get(), kSilenceMilliseconds) && ::recv(near_.get(), &byte, 1, 0) == 1;
  }

 private:
  Datagrams(base::Fd near, base::Fd far) : near_(std::move(near)), far_(std::move(far)) {}
  base::Fd near_, far_;
  sockaddr_in client_{};
};

class LiveFlood : public Live {
 protected:
  void SetUp() override {
    // The tables are as small as they may be, so that a flood of seconds fills them.
    kernel::LoadOptions small;
    small.pin_dir = kPins;
    small.flows = kFlows;
    const auto pinned = kernel::load(small);
    ASSERT_TRUE(pinned) << pinned.error().message();
  }
  void open_connections() {
    up(lab::Topology::kRouted);
    std::ofstream(std::string(kManifests) + "/web.yaml") << kWebTakesNothing;
    in_force();
    ASSERT_FALSE(stream("shop-api-1", "shop-frontend-1", "10.244.1.21")) << "the web takes nothing";
    auto tcp = stream("shop-frontend-1", "shop-api-1", "10.244.1.31");
    ASSERT_TRUE(tcp) << tcp.error().message();
    tcp_.emplace(std::move(*tcp));
    ASSERT_TRUE(tcp_->beat(kBeatMilliseconds) && tcp_->answer(kBeatMilliseconds));
    auto udp = Datagrams::open(kWeb, kApi, kApiIp);
    ASSERT_TRUE(udp) << udp.error().message();
    udp_.emplace(std::move(*udp));
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(udp_->ask() && udp_->answer());
    auto flooding = Flooder::open(kFlooding, kFloodingIp, kFloodedIp);
    auto flooded = Flooder::open(kFlooded, kFloodedIp, kFloodingIp);
    ASSERT_TRUE(flooding && flooded);
    flooding_.emplace(std::move(*flooding));
    flooded_.emplace(std::move(*flooded));
  }
  // Each packet twice: the second finds the flow, and a table that spares what is looked up would spare it.
  void flood(const packet::Spec& spec) {
    for (uint32_t at = 0; at < kFlood; at += kTogether)
      for (int i = 0; i < 2; ++i) ASSERT_TRUE(flooding_->send(spec, true, at, kTogether));
  }
  // What the whole node lost.
  sluice_flow_counts lost() {
    kernel::LoadOptions look;
    look.pin_dir = kPins;
    look.look_only = true;
    const auto programs = kernel::load(look);
    EXPECT_TRUE(programs) << programs.error().message();
    return programs ? *kernel::read_flow_counts(*programs, SLUICE_NO_ENDPOINT) : sluice_flow_counts{};
  }
  void expect_pushes_arrive() {
    EXPECT_TRUE(tcp_->answer(kBeatMilliseconds)) << "the server pushes into an idle TCP connection";
    EXPECT_TRUE(udp_->answer()) << "the server goes on with what the client asked for";
  }

  std::optional<Stream> tcp_;
  std::optional<Datagrams> udp_;
  std::optional<Flooder> flooding_, flooded_;
};

TEST_F(LiveFlood, SynsCutNoConnection) {
  open_connections();
  flood({});
  EXPECT_GT(lost().displaced[SLUICE_FLOWS_UNANSWERED], kDisplaced) << "they filled the table";
  expect_pushes_arrive();
}

TEST_F(LiveFlood, DatagramsCutNoConnection) {
  open_connections();
  packet::Spec datagram;
  datagram.protocol = net::kUdp;
  flood(datagram);
  EXPECT_GT(lost().displaced[SLUICE_FLOWS_UNANSWERED], kDisplaced) << "they filled the table";
  expect_pushes_arrive();
}

TEST_F(LiveFlood, HandshakesThatCompleteCutNoConnection) {
  open_connections();
  constexpr uint8_t kSyn = 2, kAck = 16;
  packet::Spec syn, syn_ack, ack;
  syn_ack.tcp_flags = kSyn | kAck;
  ack.tcp_flags = kAck;
  ack.tcp_acknowledged = syn_ack.tcp_sequence + 1;
  const auto end = std::chrono::steady_clock::now() + kHandshakeSeconds;
  uint32_t made = 0;
  for (; made < kFlood && std::chrono::steady_clock::now() < end; made += kTogether) {
    ASSERT_TRUE(flooding_->send(syn, true, made, kTogether));
    ASSERT_TRUE(flooded_->send(syn_ack, false, made, kTogether));
    ASSERT_TRUE(flooding_->send(ack, true, made, kTogether));
  }
  std::cout << made << " handshakes\n";
  if (made == kFlood) {
    EXPECT_GT(lost().displaced[SLUICE_FLOWS_ANSWERED], kDisplaced) << "they filled the table";
  }
  expect_pushes_arrive();
}

}  // namespace
}  // namespace sluice::live
