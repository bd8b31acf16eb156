// The native engine against the brute-force evaluator on worlds small enough to be read.
#include "agent/engine/packet_engine.h"

#include <gtest/gtest.h>

#include "agent/reference/reference.h"
#include "tests/oracle/build.h"

namespace sluice::engine {
namespace {

using namespace oracle::build;  // NOLINT(google-build-using-namespace)

model::Cluster two_nodes() {
  return cluster(
      node("n1", {"192.168.0.1"}), node("n2", {"192.168.0.2"}),
      pod("prod/web", {"10.0.1.1", "fd00::1:1"}).label("app", "web").port("http", 8080).on("n1"),
      pod("prod/db", {"10.0.2.1", "fd00::2:1"}).label("app", "db").on("n2"),
      pod("dev/tool", "10.0.1.2").on("n1"), pod("dev/lost", "10.0.9.9"),
      service("prod/web", "10.96.0.1").selects({{"app", "web"}}).port(80, "http"),
      policy("prod/db").selects({{"app", "db"}}).ingress(rule().from(pods({{"app", "web"}})).tcp(5432)),
      policy("prod/web")
          .selects({{"app", "web"}})
          .ingress(rule().from(block("10.0.0.0/8", {"10.0.9.0/24"})).tcp("http"))
          .egress(rule().to(pods({{"app", "db"}})).tcp(5432, 5440))
          .egress(rule().to(block("203.0.113.0/24"))),
      policy("dev/closed")
          .selects({})
          .types({model::Direction::kEgress})
          .egress(rule()
                      .to(namespaces(
                          labels().where("kubernetes.io/metadata.name", model::Operator::kIn, {"prod"})))
                      .tcp()));
}

class Agreement : public ::testing::Test {
 protected:
  void expect_agreement(const model::Probe& probe) {
    const auto wanted = reference_.evaluate(probe);
    const auto got = engine_.evaluate(probe);
    ASSERT_EQ(got.ok(), wanted.ok()) << to_text(probe) << ": "
                                     << (got ? wanted.error().message() : got.error().message());
    if (!got) return;
    EXPECT_EQ(to_text(got->egress), to_text(wanted->egress)) << to_text(probe);
    EXPECT_EQ(to_text(got->ingress), to_text(wanted->ingress)) << to_text(probe);
  }

  const model::Cluster cluster_ = two_nodes();
  reference::Reference reference_{cluster_};
  PacketEngine engine_{cluster_, make_native_runner};
};

constexpr const char* kParties[] = {"prod/web",  "prod/db",     "dev/tool",  "dev/lost",
                                    "10.0.1.1",  "fd00::2:1",   "10.96.0.1", "203.0.113.7",
                                    "10.0.9.77", "192.168.0.1", "no/such"};

TEST_F(Agreement, OnEveryPairAndPort) {
  for (const char* from : kParties)
    for (const char* to : kParties)
      for (const uint16_t port : std::initializer_list<uint16_t>{80, 5432, 5441, 8080})
        expect_agreement(tcp(from, to, port));
}

TEST_F(Agreement, OnOtherProtocols) {
  for (const char* from : kParties)
    for (const char* to : kParties) {
      expect_agreement(probe(from, to, net::kUdp, 5432));
      expect_agreement(probe(from, to, net::kSctp, 5432));
      expect_agreement(probe(from, to, net::kIcmp));
      expect_agreement(probe(from, to, net::Protocol(47)));
    }
}

TEST_F(Agreement, OnBothFamilies) {
  for (const auto family : {net::Family::kIpv4, net::Family::kIpv6}) {
    auto asked = tcp("prod/web", "prod/db", 5432);
    asked.family = family;
    expect_agreement(asked);
  }
}

TEST(PacketEngine, AProbeLeavesNoFlowBehind) {
  const auto world = two_nodes();
  PacketEngine engine(world, make_native_runner);
  const auto there = tcp("prod/web", "prod/db", 5432), back = tcp("prod/db", "prod/web", 5432);
  EXPECT_EQ(engine.evaluate(there).value().egress, model::Side::kAllow);
  EXPECT_EQ(engine.evaluate(back).value().ingress, model::Side::kDeny);
  EXPECT_EQ(engine.evaluate(there).value().egress, model::Side::kAllow);
}

TEST(PacketEngine, ANodeWithMorePodsThanFitIsServedInParts) {
  model::Cluster world = two_nodes();
  for (int i = 0; i < SLUICE_MAX_ENDPOINTS; ++i) {
    auto extra = pod("many/p" + std::to_string(i)).on("n1");
    extra.ips = {ip("10.1." + std::to_string(i / 256) + "." + std::to_string(i % 256))};
    world.apply(model::Change::upsert(model::Object(model::Pod(extra))));
  }
  PacketEngine engine(world, make_native_runner);
  const auto last = engine.evaluate(tcp("prod/web", "many/p4095", 80));
  ASSERT_TRUE(last.ok()) << last.error().message();
  EXPECT_EQ(last->egress, model::Side::kDeny);
  EXPECT_EQ(engine.evaluate(tcp("many/p0", "prod/web", 8080)).value().ingress, model::Side::kAllow);
}

}  // namespace
}  // namespace sluice::engine
