// LiveAttacks: pods on one bridge, an attacker among them, and what it sends by hand (tests/kernel/attacks.h names
// all). The api takes TCP 8080 and UDP 53 of the frontends, and sends TCP 8080 and UDP 53 to them, and nothing else. All
// tests share one node: each leaves it as it was.
#pragma once

#include <memory>

#include "agent/base/default_socket.h"
#include "agent/control/client.h"
#include "agent/lab/plan.h"
#include "agent/lab/wire.h"
#include "tests/live/live_fixture.h"
#include "tests/live/raw_wire.h"

namespace sluice::live {

using packet::Spec;

// The node that all of a program's attacks are tried on.
class AttackedNode : public Live {
 public:
  void set_up() {
    up(lab::Topology::kBridge);
    write("api.yaml", kApiPolicy);
  }
  void take_down() { TearDown(); }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(std::string(kManifests) + "/" + name) << text;
    in_force();
  }
  void remove(const std::string& name) {
    fs::remove(std::string(kManifests) + "/" + name);
    in_force();
  }

 private:
  void TestBody() override {}
  static constexpr char kApiPolicy[] = R"(
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {role: api}}
  policyTypes: [Ingress, Egress]
  ingress: [{from: [{podSelector: {matchLabels: {role: frontend}}}], ports: [{port: 8080}, {port: 53, protocol: UDP}]}]
  egress: [{to: [{podSelector: {matchLabels: {role: frontend}}}], ports: [{port: 8080}, {port: 53, protocol: UDP}]}]
)";
};

class LiveAttacks : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    node_ = std::make_unique<AttackedNode>();
    node_->set_up();
  }
  static void TearDownTestSuite() {
    node_->take_down();
    node_.reset();
  }
  void SetUp() override {
    for (auto& [wire, netns] : {std::pair(&api_, kApiNetns), std::pair(&frontend_, kFrontendNetns),
                                std::pair(&attacker_, kAttackerNetns)}) {
      auto opened = RawWire::open(netns);
      ASSERT_TRUE(opened) << opened.error().message();
      wire->emplace(std::move(*opened));
    }
  }

  static constexpr char kApiNetns[] = "/run/netns/sluice-shop-api-1",
                        kFrontendNetns[] = "/run/netns/sluice-shop-frontend-1",
                        kAttackerNetns[] = "/run/netns/sluice-ingress-controller-0";
  static constexpr uint16_t kWeb = 8080, kDns = 53, kOther = 22;
  static constexpr int kComes = 5000, kNothing = 300;  // milliseconds

  // Of each family.
  struct Addresses {
    net::Ip api, frontend, attacker, node, foreign;
    net::Protocol icmp;
  };
  const Addresses four_{at("10.244.1.31"), at("10.244.1.21"), at("10.244.1.10"),
                        at("169.254.1.1"), at("192.0.2.7"),   net::kIcmp};
  const Addresses six_{at("fd00:10:244:1::31"), at("fd00:10:244:1::21"), at("fd00:10:244:1::10"),
                       at("fe80::1"),           at("2001:db8::7"),       net::kIcmpv6};

  static net::Ip at(const char* text) { return *net::Ip::parse(text); }
  static Spec packet_of(const net::Ip& from, const net::Ip& to, net::Protocol protocol, uint16_t port) {
    return packet::opening(from, to, protocol, net::Port::from_host(port));
  }
  static Spec answer_of(Spec spec, uint8_t tcp_flags = 0x12) {
    std::swap(spec.source, spec.destination);
    std::swap(spec.source_port, spec.destination_port);
    spec.tcp_flags = tcp_flags;
    return spec;
  }
  const MacAddress& way_to_api() const { return api_->mac(); }
  // The node as its pods find it.
  static MacAddress way_to_node() {
    const auto mac = mac_of(lab::kBridgeName);
    EXPECT_TRUE(mac) << mac.error().message();
    return mac ? *mac : MacAddress{};
  }
  // A payload that no other frame of this test has.
  Bytes mark() {
    const std::string text = "attack " + std::to_string(1'000'000 + ++marks_);
    return {text.begin(), text.end()};
  }

  struct Attempt {
    std::string what;
    Bytes mark;
    bool arrives;
  };
  // The attacker's frame to the api, or the frontend's; `mark` is a part of it.
  void attempt(bool arrives, const std::string& what, const Bytes& frame, Bytes mark) {
    EXPECT_TRUE(attacker_->send(frame, way_to_api())) << what;
    attempts_.push_back({what, std::move(mark), arrives});
  }
  void attempt_of_frontend(bool arrives, const std::string& what, const Bytes& frame, Bytes mark) {
    EXPECT_TRUE(frontend_->send(frame, way_to_api())) << what;
    attempts_.push_back({what, std::move(mark), arrives});
  }
  void attempt(bool arrives, const std::string& what, Spec spec) {
    spec.payload = mark();
    Bytes last = spec.payload;
    attempt(arrives, what, packet::build(spec), std::move(last));
  }
  // Whether what was sent before has come to the api's eth0: a frame that is allowed is sent behind it.
  void expect_attempts(const char* when) {
    Spec last = packet_of(four_.frontend, four_.api, net::kUdp, kDns);
    last.payload = mark();
    ASSERT_TRUE(frontend_->send(packet::build(last), way_to_api()));
    std::vector<Bytes> seen;
    for (;;) {
      Bytes frame = api_->next(kComes);
      ASSERT_FALSE(frame.empty()) << when << ": what is allowed does not come";
      if (holds(frame, last.payload)) break;
      seen.push_back(std::move(frame));
    }
    for (const Attempt& attempt : attempts_)
      EXPECT_EQ(std::any_of(seen.begin(), seen.end(),
                            [&](const Bytes& frame) { return holds(frame, attempt.mark); }),
                attempt.arrives)
          << when << ", " << attempt.what;
    attempts_.clear();
  }

  // Packets of the node that were denied for this.
  static uint64_t drops(const std::string& reason, const std::string& direction) {
    const auto reply = control::Client(base::kDefaultSocket).metrics();
    EXPECT_TRUE(reply) << reply.error().message();
    const std::string series =
        "\nsluice_drops_total{reason=\"" + reason + "\",direction=\"" + direction + "\"} ";
    const size_t found = reply ? reply->text().find(series) : std::string::npos;
    return found == std::string::npos ? 0 : std::stoull(reply->text().substr(found + series.size()));
  }

  // So many more than before, once all that was sent has been judged.
  static void expect_drops(const std::string& reason, const std::string& direction, uint64_t before,
                           uint64_t wanted, const char* what) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kComes);
    uint64_t now = 0;
    do now = drops(reason, direction) - before;
    while (now < wanted && std::chrono::steady_clock::now() < end);
    EXPECT_EQ(now, wanted) << reason << ", " << what;
  }

  static inline std::unique_ptr<AttackedNode> node_;
  std::optional<RawWire> api_, frontend_, attacker_;

 private:
  std::vector<Attempt> attempts_;
  static inline uint32_t marks_ = 0;
};

}  // namespace sluice::live
