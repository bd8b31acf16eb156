// What is remembered, in the flow tables and in the recent map, changes no verdict: with many flows, with flows
// that share a bucket, and with flows that differ in one word of their key.
#include <gtest/gtest.h>

#include "agent/packet/build.h"
#include "tests/kernel/world.h"
#include "tests/unit/packet/applied.h"

namespace sluice::packet {
namespace {

using testing::ip;
using testing::kFriend;
using testing::kPodInterface;
using testing::port;
using testing::World;

constexpr uint8_t kAck = 0x10;
constexpr unsigned kFirstPort = 1024, kFlowsEach = 6000, kPeers = 4;

struct Ends {
  net::Family family;
  const char *pod, *peers;  // a peer's last digit follows
};
class Recent : public ::testing::TestWithParam<Ends> {
 protected:
  Recent() {
    World world = World(ip(GetParam().pod)).isolate(SLUICE_EGRESS).isolate(SLUICE_INGRESS);
    for (unsigned i = 0; i < kPeers; ++i) world.peer(peer(i));
    world.allow(SLUICE_EGRESS, kFriend, world.portset(net::kTcp, {testing::ports(80)}));
    EXPECT_TRUE(applied_.put(world.image()).ok());
  }
  static net::Ip peer(unsigned i) { return ip((GetParam().peers + std::to_string(i + 1)).c_str()); }
  static Spec out(unsigned to, unsigned from_port, unsigned to_port = 80) {
    Spec spec = opening(ip(GetParam().pod), peer(to), net::kTcp, port(to_port));
    spec.source_port = port(from_port);
    return spec;
  }
  static Spec back(unsigned from, unsigned to_port, unsigned from_port = 80) {
    Spec spec = out(from, to_port, from_port);
    std::swap(spec.source, spec.destination);
    std::swap(spec.source_port, spec.destination_port);
    spec.tcp_flags = kAck;
    return spec;
  }
  bool leaves(const Spec& spec) { return applied_.maps.passes(build(spec), kPodInterface, SLUICE_EGRESS); }
  bool arrives(const Spec& spec) { return applied_.maps.passes(build(spec), kPodInterface, SLUICE_INGRESS); }

  Applied applied_;
};

TEST_P(Recent, ManyFlows) {
  for (unsigned i = 0; i < kPeers; ++i)
    for (unsigned n = 0; n < kFlowsEach; n += 2) ASSERT_TRUE(leaves(out(i, kFirstPort + n)));
  for (int pass = 0; pass < 2; ++pass)
    for (unsigned i = 0; i < kPeers; ++i)
      for (unsigned n = 0; n < kFlowsEach; ++n)
        ASSERT_EQ(arrives(back(i, kFirstPort + n)), n % 2 == 0) << "peer " << i << " flow " << n;
}

TEST_P(Recent, AFlowIsKnownByEveryWordOfItsKey) {
  ASSERT_TRUE(leaves(out(0, 2000)));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(arrives(back(0, 2000)));
  EXPECT_FALSE(arrives(back(1, 2000))) << "another address";
  EXPECT_FALSE(arrives(back(0, 2001))) << "another port of the pod";
  EXPECT_FALSE(arrives(back(0, 2000, 81))) << "another port of the peer";
  Spec udp = back(0, 2000);
  udp.protocol = net::kUdp;
  EXPECT_FALSE(arrives(udp)) << "another protocol";
}

TEST_P(Recent, AVerdictIsKnownByEveryWordOfItsKey) {
  ASSERT_TRUE(leaves(out(0, 2000)));
  ASSERT_TRUE(leaves(out(0, 2001)));
  EXPECT_FALSE(leaves(out(0, 2000, 81))) << "another port";
  Spec udp = out(0, 2000);
  udp.protocol = net::kUdp;
  EXPECT_FALSE(leaves(udp)) << "another protocol";
  Spec in = back(0, 80, 2000);
  in.tcp_flags = out(0, 2000).tcp_flags;
  EXPECT_FALSE(arrives(in)) << "another direction";
  EXPECT_FALSE(leaves(out(0, 2000, 81))) << "and once more";
}

TEST_P(Recent, NothingOutlivesItsEpoch) {
  ASSERT_TRUE(leaves(out(0, 2000)));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(arrives(back(0, 2000)));
  World closed = World(ip(GetParam().pod)).isolate(SLUICE_EGRESS).isolate(SLUICE_INGRESS);
  ASSERT_TRUE(applied_.put(closed.image()).ok());
  EXPECT_FALSE(arrives(back(0, 2000)));
  EXPECT_FALSE(leaves(out(0, 2000)));
}

INSTANTIATE_TEST_SUITE_P(Families, Recent,
                         ::testing::Values(Ends{net::Family::kIpv4, "10.0.0.1", "10.0.1."},
                                           Ends{net::Family::kIpv6, "fd00::1", "fd00:1::"}),
                         [](const auto& row) { return std::string(net::to_text(row.param.family)); });

// 10.0.0.1 and a00:1:: begin with the same bytes.
TEST(RecentFamilies, AnIpv4FlowIsNoIpv6Flow) {
  World world =
      World(ip("10.0.0.9")).dual_stack(ip("fd00::9")).isolate(SLUICE_EGRESS).isolate(SLUICE_INGRESS);
  world.peer(ip("10.0.0.1")).allow(SLUICE_EGRESS, kFriend, image::Ref::all());
  Applied applied;
  ASSERT_TRUE(applied.put(world.image()).ok());
  const auto passes = [&](const Spec& spec, sluice_direction direction) {
    return applied.maps.passes(build(spec), kPodInterface, direction);
  };
  const auto answer = [](const char* from, const char* to) {
    Spec spec = opening(ip(from), ip(to), net::kTcp, port(2000));
    spec.source_port = port(80);
    spec.tcp_flags = kAck;
    return spec;
  };
  Spec syn = opening(ip("10.0.0.9"), ip("10.0.0.1"), net::kTcp, port(80));
  syn.source_port = port(2000);
  ASSERT_TRUE(passes(syn, SLUICE_EGRESS));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(passes(answer("10.0.0.1", "10.0.0.9"), SLUICE_INGRESS));
  EXPECT_FALSE(passes(answer("a00:1::", "fd00::9"), SLUICE_INGRESS));
  EXPECT_FALSE(passes(opening(ip("fd00::9"), ip("a00:1::"), net::kTcp, port(80)), SLUICE_EGRESS));
}

}  // namespace
}  // namespace sluice::packet
