// Interfaces whose pods nobody knows of yet (--new-interfaces), and programs that others take off.
#include <algorithm>

#include "tests/unit/node/reconciler_fixture.h"

namespace sluice::node {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class HoldTest : public ReconcilerTest {
 protected:
  std::unique_ptr<Reconciler> node(bool closes_new) {
    Backend all = backend();
    all.closes_new = closes_new;
    all.adopt = [this](const std::vector<AdoptingEndpoint>& endpoints) {
      adopted_ += endpoints.size();
      return base::done();
    };
    all.hooks.others_first = [this](uint32_t ifindex) -> base::Result<std::optional<size_t>> {
      return maps_.attached.contains(ifindex) ? std::optional<size_t>(before_.contains(ifindex))
                                              : std::nullopt;
    };
    return std::make_unique<Reconciler>(
        "n1", std::move(all),
        Clock{[this] { return std::chrono::steady_clock::time_point(now_++); },
              [] { return std::chrono::system_clock::time_point(); }},
        log_);
  }
  // As Agent::refresh_host() does.
  static bool discover(Reconciler& node, endpoint::Discovery discovery) {
    node.set_discovery(std::move(discovery));
    return node.hold_new();
  }
  static endpoint::Discovery with_bare(endpoint::Discovery discovery, int ifindex) {
    discovery.host_interfaces[ifindex] = "veth" + std::to_string(ifindex);
    discovery.bare[ifindex] = "c";
    return discovery;
  }
  size_t adopted_ = 0;
  std::set<uint32_t> before_;  // interfaces with a program of others before ours
};

TEST_F(HoldTest, BeforeAFirstStateANewInterfaceIsHeldOnlyWhereTheyAreClosed) {
  for (const bool closes : {false, true}) {
    maps_.attached.clear();
    auto agent = node(closes);
    EXPECT_TRUE(discover(*agent, with_bare(discovery({found("a", 7, "10.0.0.1")}, {2}), 9)));
    EXPECT_EQ(maps_.attached, closes ? (std::set<uint32_t>{7, 9}) : std::set<uint32_t>{})
        << "2 has no namespace behind it";
    EXPECT_EQ(agent->view().held(),
              closes ? (std::vector<std::string>{"veth7", "veth9"}) : std::vector<std::string>{});
    EXPECT_EQ(agent->view().why_not_ready(),
              closes ? "no state in force yet"
                     : "no state in force yet; 2 interfaces (veth7, veth9) open until then");
  }
}

TEST_F(HoldTest, WhatAnEarlierAgentEnforcesIsNotTouchedBeforeAFirstState) {
  maps_.attached = {7};
  auto agent = node(true);
  EXPECT_TRUE(discover(*agent, discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2")})));
  EXPECT_EQ(maps_.attaches, 1);
  EXPECT_THAT(agent->view().held(), ElementsAre("veth8"));
  EXPECT_TRUE(agent->view().open_yet().empty());
}

TEST_F(HoldTest, ItEndsWithThePodsPolicyAndOpenConnectionsAreAdopted) {
  auto agent = node(true);
  give_first(*agent);
  EXPECT_TRUE(agent->hold_new());
  EXPECT_THAT(agent->view().held(), ElementsAre("veth7", "veth8"));
  EXPECT_EQ(agent->apply(), Applied::kInForce);
  EXPECT_THAT(agent->view().held(), IsEmpty());
  EXPECT_EQ(endpoint_at(*agent, 7), "prod/web");
  EXPECT_EQ(adopted_, 2u) << "they carried programs, and no pod's";
  EXPECT_TRUE(agent->view().ready()) << agent->view().why_not_ready();
}

TEST_F(HoldTest, ANamespaceWithoutAPodObjectIsHeldWhateverItsAddress) {
  for (const bool closes : {false, true}) {
    maps_.attached.clear();
    auto agent = node(closes);
    give_first(*agent);
    agent->apply();
    auto more = with_bare(
        discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2"), found("vpn", 9, "203.0.113.1")}),
        10);
    EXPECT_TRUE(discover(*agent, more));
    agent->apply();
    EXPECT_EQ(maps_.attached, closes ? (std::set<uint32_t>{7, 8, 9, 10}) : (std::set<uint32_t>{7, 8}));
    EXPECT_TRUE(agent->view().ready()) << agent->view().why_not_ready();
    EXPECT_EQ(agent->view().held().size(), closes ? 2u : 0u);
    agent->set_objects(objects(model::Pod(pod("prod/late", "203.0.113.1"))));
    EXPECT_EQ(agent->apply(), Applied::kInForce);
    EXPECT_EQ(endpoint_at(*agent, 9), "prod/late");
    EXPECT_EQ(agent->view().held().size(), closes ? 1u : 0u);
  }
}

TEST_F(HoldTest, AFinishedPodIsLetGoForGood) {
  auto agent = node(true);
  give_first(*agent);
  agent->hold_new();
  agent->apply();
  model::Pod done = pod("prod/web", "10.0.0.1").label("app", "web");
  done.phase = model::PodPhase::kSucceeded;
  agent->set_objects(objects(done));
  agent->apply();
  EXPECT_TRUE(discover(*agent, discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2")}, {3})));
  agent->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(8u));
}

// While a namespace cannot be looked into, a pod may be behind any veth that leads out of this one.
TEST_F(HoldTest, WhatCannotBeLookedBehindIsHeldUntilItCan) {
  auto agent = node(true);
  give_first(*agent);
  agent->apply();
  auto blind =
      discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2")}, {3, 12}, {"namespace c: no thread"});
  blind.leads_out = {7, 8, 12};
  EXPECT_TRUE(discover(*agent, blind));
  agent->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u, 12u)) << "3 leads nowhere";
  EXPECT_FALSE(agent->view().ready());
  auto seen = blind;
  seen.unseen.clear();
  EXPECT_TRUE(discover(*agent, seen));
  agent->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u)) << "a container's of somebody else";
  EXPECT_TRUE(agent->view().ready()) << agent->view().why_not_ready();
}

TEST_F(HoldTest, WhatCannotBeHeldIsSaidAndTriedAgain) {
  auto agent = node(true);
  maps_.refused = {7};
  EXPECT_FALSE(discover(*agent, discovery({found("a", 7, "10.0.0.1")})));
  EXPECT_THAT(agent->view().attach_errors(), Contains(::testing::Pair(7u, HasSubstr("no such device"))));
  EXPECT_THAT(agent->view().why_not_ready(), HasSubstr("(veth7) open until then"));
  maps_.refused.clear();
  EXPECT_TRUE(agent->hold_new());
  EXPECT_THAT(maps_.attached, ElementsAre(7u));
}

// With clsact a chain of plugins is at work behind a closed gate, and nothing passes there.
TEST_F(HoldTest, AClosedNamespaceIsLeftToItsChain) {
  gives_way_ = true;
  closed_ = {"/netns/a", "/netns/c"};
  auto agent = node(true);
  EXPECT_TRUE(discover(*agent, with_bare(discovery({found("a", 7, "10.0.0.1")}), 9)));
  EXPECT_THAT(maps_.attached, IsEmpty());
  closed_.clear();
  EXPECT_TRUE(agent->hold_new());
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 9u)) << "looked at again as soon as anything is news";
}

TEST_F(HoldTest, WhatOthersPutBeforeOursIsWarnedOf) {
  auto agent = node(false);
  give_first(*agent);
  agent->apply();
  const auto warned = [&] {
    agent->put_back();
    pass_a_second();
    agent->report();
    return agent->view().warnings();
  };
  EXPECT_THAT(warned(), Not(Contains(HasSubstr("before ours"))));
  before_ = {7};
  EXPECT_TRUE(agent->put_back());
  EXPECT_THAT(warned(), Contains(HasSubstr("has programs of somebody else before ours")));
  EXPECT_TRUE(agent->view().ready());
  EXPECT_EQ(agent->view().totals().put_back, 0u);
  before_.clear();
  EXPECT_THAT(warned(), Not(Contains(HasSubstr("before ours"))));
}

TEST_F(HoldTest, ProgramsThatOthersTakeOffArePutBackAndCounted) {
  auto agent = node(false);
  give_first(*agent);
  agent->apply();
  EXPECT_TRUE(agent->put_back());
  EXPECT_EQ(agent->view().totals().put_back, 0u);
  maps_.attached.erase(7);
  EXPECT_TRUE(agent->put_back());
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
  EXPECT_EQ(agent->view().totals().put_back, 1u);
  maps_.attached.erase(8);
  maps_.refused = {8};
  EXPECT_FALSE(agent->put_back());
  EXPECT_FALSE(agent->view().ready());
  maps_.refused.clear();
  agent->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u)) << "tried again with the next change";
}

TEST_F(HoldTest, WhatCannotBeKeptForTheNextAgentIsAProblemAndTheNodeIsReady) {
  auto agent = node(false);
  give_first(*agent);
  agent->apply();
  agent->set_unkept("--bpffs: read-only");
  pass_a_second();
  EXPECT_THAT(agent->view().problems(), ElementsAre("--bpffs: read-only"));
  EXPECT_TRUE(agent->view().ready());
  agent->set_unkept("");
  pass_a_second();
  EXPECT_THAT(agent->view().problems(), IsEmpty());
}

}  // namespace
}  // namespace sluice::node
