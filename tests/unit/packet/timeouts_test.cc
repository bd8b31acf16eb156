// The timeouts of include/sluice/timeouts.h, to the second: what the kernel's clock does not let tests/kernel
// ask.
#include "sluice/timeouts.h"

#include <gtest/gtest.h>

#include <functional>

#include "agent/image/placement.h"
#include "agent/packet/build.h"
#include "agent/packet/maps.h"
#include "tests/kernel/world.h"

namespace sluice::packet {
namespace {

using testing::ip;
using testing::kPodInterface;
using testing::port;
using testing::World;

constexpr uint32_t kStart = 0xffffff00;  // the clock wraps round under way
const net::Ip kPod = ip("10.0.0.1"), kPeer = ip("10.0.1.1");

enum TcpFlags : uint8_t { kFin = 1, kSyn = 2, kRst = 4, kAck = 16 };

struct Packet {
  sluice_direction direction;
  uint8_t flags = kAck;
};

struct Row {
  const char* aloud;
  net::Protocol protocol;
  std::vector<Packet> opening;
  sluice_timeout timeout;
};

const Row kRows[] = {
    {"TCP, a SYN", net::kTcp, {{SLUICE_EGRESS, kSyn}}, SLUICE_TIMEOUT_TCP_UNANSWERED},
    {"TCP, a lone answer",
     net::kTcp,
     {{SLUICE_EGRESS, kSyn}, {SLUICE_INGRESS}},
     SLUICE_TIMEOUT_TCP_UNANSWERED},
    {"TCP, answered",
     net::kTcp,
     {{SLUICE_EGRESS, kSyn}, {SLUICE_INGRESS, kSyn | kAck}, {SLUICE_EGRESS}},
     SLUICE_TIMEOUT_TCP_ANSWERED},
    {"TCP, one FIN",
     net::kTcp,
     {{SLUICE_EGRESS, kSyn}, {SLUICE_INGRESS}, {SLUICE_INGRESS}, {SLUICE_EGRESS, kFin | kAck}},
     SLUICE_TIMEOUT_TCP_ANSWERED},
    {"TCP, the same end's FIN twice",
     net::kTcp,
     {{SLUICE_EGRESS, kSyn}, {SLUICE_INGRESS, kFin | kAck}, {SLUICE_INGRESS, kFin | kAck}},
     SLUICE_TIMEOUT_TCP_ANSWERED},
    {"TCP, FIN from both",
     net::kTcp,
     {{SLUICE_EGRESS, kSyn}, {SLUICE_INGRESS, kFin | kAck}, {SLUICE_EGRESS, kFin | kAck}},
     SLUICE_TIMEOUT_TCP_CLOSING},
    {"TCP, RST", net::kTcp, {{SLUICE_EGRESS, kSyn}, {SLUICE_INGRESS, kRst}}, SLUICE_TIMEOUT_TCP_UNANSWERED},
    {"TCP, answered, then RST",
     net::kTcp,
     {{SLUICE_EGRESS, kSyn}, {SLUICE_INGRESS}, {SLUICE_INGRESS}, {SLUICE_INGRESS, kRst}},
     SLUICE_TIMEOUT_TCP_ANSWERED},
    {"UDP", net::kUdp, {{SLUICE_EGRESS}}, SLUICE_TIMEOUT_UDP_UNANSWERED},
    {"UDP, answered", net::kUdp, {{SLUICE_EGRESS}, {SLUICE_INGRESS}}, SLUICE_TIMEOUT_UDP_ANSWERED},
    {"SCTP", net::kSctp, {{SLUICE_EGRESS}}, SLUICE_TIMEOUT_OTHER_UNANSWERED},
    {"SCTP, answered", net::kSctp, {{SLUICE_EGRESS}, {SLUICE_INGRESS}}, SLUICE_TIMEOUT_OTHER_ANSWERED},
    {"GRE, answered", net::Protocol(47), {{SLUICE_EGRESS}, {SLUICE_INGRESS}}, SLUICE_TIMEOUT_OTHER_ANSWERED},
};

constexpr uint32_t kSeconds[] = {
#define SLUICE_SECONDS(NAME, seconds, text) seconds,
    SLUICE_TIMEOUTS(SLUICE_SECONDS)
#undef SLUICE_SECONDS
};

// Ingress is closed: the peer's packet passes as long as the connection is remembered.
std::unique_ptr<Maps> closed_inwards() {
  auto maps = std::make_unique<Maps>();
  image::Placement placement;
  const image::Image image = World(kPod).isolate(SLUICE_INGRESS).image();
  auto plan = placement.plan(image, image::difference({}, image));
  EXPECT_TRUE(plan.ok() && image::put_in_force(*plan, *maps).ok() && image::clean_up(*plan, *maps).ok());
  return maps;
}

bool passes(Maps& maps, net::Protocol protocol, const Packet& packet, uint32_t now) {
  Spec spec = opening(kPod, kPeer, protocol, port(80));
  spec.tcp_flags = packet.flags;
  if (packet.direction == SLUICE_INGRESS) {
    std::swap(spec.source, spec.destination);
    std::swap(spec.source_port, spec.destination_port);
  }
  return maps.passes(build(spec), kPodInterface, packet.direction, now);
}

TEST(Timeouts, HoldToTheSecond) {
  for (const Row& row : kRows) {
    for (uint32_t beyond : {0u, 1u}) {
      auto maps = closed_inwards();
      for (const Packet& packet : row.opening)
        ASSERT_TRUE(passes(*maps, row.protocol, packet, kStart)) << row.aloud;
      const uint32_t then = kStart + kSeconds[row.timeout] + beyond;
      EXPECT_EQ(passes(*maps, row.protocol, {SLUICE_INGRESS}, then), beyond == 0)
          << row.aloud << (beyond ? ": a second too late" : ": just in time");
    }
  }
}

TEST(Timeouts, EveryOneOfAFlowHasARow) {
  for (uint32_t timeout = 0; timeout < SLUICE_TIMEOUT_FRAGMENT; ++timeout)
    EXPECT_TRUE(std::any_of(std::begin(kRows), std::end(kRows), [&](const Row& row) {
      return row.timeout == timeout;
    })) << timeout;
}

TEST(Timeouts, LaterFragmentsFollowForSeconds) {
  for (uint32_t beyond : {0u, 1u}) {
    auto maps = closed_inwards();
    Spec spec = opening(kPod, kPeer, net::kUdp, port(53));
    ASSERT_TRUE(maps->passes(build(spec), kPodInterface, SLUICE_EGRESS, kStart));
    std::swap(spec.source, spec.destination);
    std::swap(spec.source_port, spec.destination_port);
    spec.fragment = Fragment{};
    ASSERT_TRUE(maps->passes(build(spec), kPodInterface, SLUICE_INGRESS, kStart));
    spec.fragment->offset = 1;
    const uint32_t then = kStart + kSeconds[SLUICE_TIMEOUT_FRAGMENT] + beyond;
    EXPECT_EQ(maps->passes(build(spec), kPodInterface, SLUICE_INGRESS, then), beyond == 0);
  }
}

}  // namespace
}  // namespace sluice::packet
