// Connections that were open before the programs came, as flows of the pods: a connection, the pods, the
// flows.
#include "agent/node/adoption.h"

#include <gmock/gmock.h>

#include "tests/unit/node/reconciler_fixture.h"

namespace sluice::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

endpoint::Tuple tuple(const char* source, uint16_t source_port, const char* destination, uint16_t port) {
  return {ip(source), ip(destination), number(source_port), number(port)};
}
// As it is, where nothing is translated.
endpoint::Connection plain(const char* opener, uint16_t opener_port, const char* other, uint16_t port) {
  return {tuple(opener, opener_port, other, port), tuple(other, port, opener, opener_port)};
}
OpenFlow flow(uint32_t endpoint, uint16_t local_port, const char* remote, uint16_t port,
              sluice_direction by) {
  return {endpoint, ip(remote), number(local_port), number(port), by};
}

const AdoptingEndpoint kWeb{65, ip("10.0.0.1"), ip("fd00::1")}, kDb{66, ip("10.0.0.2"), std::nullopt};

TEST(Adoption, WhatAPodOpenedIsAFlowOfItsEgress) {
  EXPECT_THAT(adopt({plain("10.0.0.1", 4000, "192.0.2.7", 443)}, {kWeb, kDb}),
              ElementsAre(flow(65, 4000, "192.0.2.7", 443, SLUICE_EGRESS)));
}

TEST(Adoption, WhatWasOpenedToAPodIsAFlowOfItsIngress) {
  EXPECT_THAT(adopt({plain("2001:db8::7", 4000, "fd00::1", 443)}, {kWeb, kDb}),
              ElementsAre(flow(65, 443, "2001:db8::7", 4000, SLUICE_INGRESS)));
}

TEST(Adoption, BetweenTwoPodsItIsAFlowOfEach) {
  EXPECT_THAT(adopt({plain("10.0.0.1", 4000, "10.0.0.2", 5432)}, {kWeb, kDb}),
              ElementsAre(flow(65, 4000, "10.0.0.2", 5432, SLUICE_EGRESS),
                          flow(66, 5432, "10.0.0.1", 4000, SLUICE_INGRESS)));
}

// web calls a Service, which is translated to db: web sees the Service's address, db sees web's.
TEST(Adoption, AServiceIsWhatTheOpenerCalled) {
  EXPECT_THAT(adopt({{tuple("10.0.0.1", 4000, "10.96.0.9", 80), tuple("10.0.0.2", 5432, "10.0.0.1", 4000)}},
                    {kWeb, kDb}),
              ElementsAre(flow(65, 4000, "10.96.0.9", 80, SLUICE_EGRESS),
                          flow(66, 5432, "10.0.0.1", 4000, SLUICE_INGRESS)));
}

// From outside to a node port: db sees the node's address and port.
TEST(Adoption, AMasqueradedOpenerIsWhoThePodSees) {
  EXPECT_THAT(adopt({{tuple("198.51.100.3", 4000, "192.168.0.1", 30080),
                      tuple("10.0.0.2", 5432, "192.168.0.1", 50123)}},
                    {kWeb, kDb}),
              ElementsAre(flow(66, 5432, "192.168.0.1", 50123, SLUICE_INGRESS)));
}

TEST(Adoption, OtherPeoplesConnectionsAreNoFlows) {
  EXPECT_THAT(adopt({plain("192.168.0.1", 4000, "192.0.2.7", 443)}, {kWeb, kDb}), IsEmpty());
}

// The node asks once, for the endpoints whose interfaces carry nothing yet, and never for those that an agent
// before it had attached to.
class NodeAdoptsTest : public ReconcilerTest {
 protected:
  std::unique_ptr<Reconciler> adopting_node() {
    Backend maps = backend();
    maps.adopt = [this](const std::vector<AdoptingEndpoint>& endpoints) {
      for (const auto& endpoint : endpoints) {
        EXPECT_TRUE(maps_.attached.empty()) << "before the programs come";
        asked_.push_back(endpoint.ipv4->to_text());
      }
      return refuses_ ? base::Status(base::Error("no conntrack")) : base::done();
    };
    return std::make_unique<Reconciler>("n1", maps,
                                        Clock{[] { return std::chrono::steady_clock::time_point(); },
                                              [] { return std::chrono::system_clock::time_point(); }},
                                        log_);
  }
  std::vector<std::string> asked_;
  bool refuses_ = false;
};

TEST_F(NodeAdoptsTest, BeforeItAttachesForTheFirstTime) {
  auto node = adopting_node();
  give_first(*node);
  node->apply();
  EXPECT_THAT(asked_, ElementsAre("10.0.0.1", "10.0.0.2"));
  EXPECT_EQ(maps_.attached.size(), 2u);
  node->set_objects(objects(with_blocks(2)));
  node->apply();
  EXPECT_EQ(asked_.size(), 2u);
  auto next = adopting_node();
  give_first(*next);
  next->apply();
  EXPECT_EQ(asked_.size(), 2u) << "attached by the agent before it";
}

TEST_F(NodeAdoptsTest, AndAttachesAlsoWhereItCannot) {
  refuses_ = true;
  auto node = adopting_node();
  give_first(*node);
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_EQ(maps_.attached.size(), 2u);
}

}  // namespace
}  // namespace sluice::node
