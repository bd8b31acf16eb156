// Numbers of a pod beside policy, from its objects to the maps.
#include "agent/node/endpoint_settings.h"

#include "tests/unit/node/reconciler_fixture.h"

namespace sluice::node {
namespace {

using Writes = std::vector<std::pair<uint32_t, uint64_t>>;

TEST(EndpointSettings, ANewAgentWritesAllAndThenWhatDiffers) {
  Writes writes;
  const auto write = [&](uint32_t endpoint, uint64_t flows) {
    writes.emplace_back(endpoint, flows);
    return base::done();
  };
  EndpointSettings shares(write);
  ASSERT_TRUE(shares.set({{1, 0}, {2, 5000}}).ok());
  EXPECT_EQ(std::exchange(writes, {}), (Writes{{1, 0}, {2, 5000}})) << "an earlier agent's are in the maps";
  ASSERT_TRUE(shares.set({{1, 0}, {2, 5000}}).ok());
  EXPECT_EQ(writes, Writes());
  ASSERT_TRUE(shares.set({{1, 7}, {2, 5000}}).ok());
  EXPECT_EQ(std::exchange(writes, {}), (Writes{{1, 7}}));
  ASSERT_TRUE(shares.set({{1, 0}, {2, 5000}}).ok());
  EXPECT_EQ(std::exchange(writes, {}), (Writes{{1, 0}})) << "the annotation has gone";
}

TEST(EndpointSettings, TheNextPodOfAnEntryGetsItsOwn) {
  const uint32_t before = SLUICE_ENDPOINT_ID(1, 3), after = SLUICE_ENDPOINT_ID(2, 3);
  Writes writes;
  EndpointSettings shares([&](uint32_t endpoint, uint64_t flows) {
    writes.emplace_back(endpoint, flows);
    return base::done();
  });
  ASSERT_TRUE(shares.set({{before, 5000}}).ok());
  ASSERT_TRUE(shares.set({{after, 0}}).ok());
  EXPECT_EQ(writes, (Writes{{before, 5000}, {after, 0}}));
  ASSERT_TRUE(shares.set({}).ok());
  ASSERT_TRUE(shares.set({{after, 0}}).ok());
  EXPECT_EQ(writes.size(), 3u) << "it was away";
}

TEST(EndpointSettings, WhatFailedIsTriedAgainAndTheOthersAreWritten) {
  std::set<uint32_t> refused = {1};
  Writes writes;
  EndpointSettings shares([&](uint32_t endpoint, uint64_t flows) -> base::Status {
    if (refused.contains(endpoint)) return base::Error("no room");
    writes.emplace_back(endpoint, flows);
    return base::done();
  });
  const auto set = shares.set({{1, 5}, {2, 6}});
  ASSERT_FALSE(set.ok());
  EXPECT_EQ(set.error().message(), "no room");
  refused.clear();
  ASSERT_TRUE(shares.set({{1, 5}, {2, 6}}).ok());
  EXPECT_EQ(writes, (Writes{{2, 6}, {1, 5}}));
}

TEST_F(ReconcilerTest, SharesAreThoseOfThePodsInForce) {
  auto node = make_node();
  give_first(*node);
  EXPECT_EQ(shares_of(node->view()), Settings()) << "nothing is in the maps yet";
  node->apply();
  model::Pod web = pod("prod/web", "10.0.0.1").label("app", "web");
  const auto id = node->view().placement().id_of(compile::endpoint_id(web));
  ASSERT_TRUE(id);
  auto shares = shares_of(node->view());
  EXPECT_EQ(shares.size(), 2u);
  EXPECT_EQ(shares.at(*id), 0u);

  web.flows = 5000;
  node->set_objects(objects(web));
  EXPECT_EQ(node->apply(), Applied::kNothingToDo) << "it is no policy";
  shares = shares_of(node->view());
  EXPECT_EQ(shares.size(), 2u);
  EXPECT_EQ(shares.at(*id), 5000u);
}

TEST_F(ReconcilerTest, ObservedIsWhatItselfItsNamespaceOrSomebodyAsksFor) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  model::Pod web = pod("prod/web", "10.0.0.1").label("app", "web");
  const auto id = node->view().placement().id_of(compile::endpoint_id(web));
  ASSERT_TRUE(id);
  const auto observed = [&](bool asked = false) {
    return observed_of(node->view(), [&](const model::Pod& pod) { return asked && pod.name == web.name; })
        .at(*id);
  };
  EXPECT_EQ(observed(), 0u);
  EXPECT_EQ(observed(true), 1u);
  web.observe_allowed = true;
  node->set_objects(objects(web));
  EXPECT_EQ(node->apply(), Applied::kNothingToDo) << "it is no policy";
  EXPECT_EQ(observed(), 1u);
  web.observe_allowed = false;
  model::Namespace prod{{"", "prod"}, {{model::kNamespaceNameLabel, "prod"}}};
  prod.observe_allowed = true;
  node->set_objects(objects(web));
  node->set_objects(objects(prod));
  node->apply();
  EXPECT_EQ(observed(), 1u);
}

}  // namespace
}  // namespace sluice::node
