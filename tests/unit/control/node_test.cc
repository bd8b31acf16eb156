// The Node's states over user-space maps: first state, change, restart, failure and recovery, attachments.
#include "tests/unit/control/node_fixture.h"

namespace sluice::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(NodeTest, NothingIsAppliedBeforeEverySourceHasSpoken) {
  auto node = make_node();
  node->take_objects(objects(deny_web()));
  EXPECT_EQ(node->apply(), Applied::kNothingToDo);
  node->take_discovery({});
  EXPECT_EQ(node->apply(), Applied::kNothingToDo);
  ObjectNews unfinished;
  unfinished.complete = false;
  node = make_node();
  node->take_discovery({});
  node->take_node_addresses({});
  node->take_objects(unfinished);
  EXPECT_EQ(node->apply(), Applied::kNothingToDo);
  EXPECT_FALSE(node->ready());
}

TEST_F(NodeTest, TheFirstStateIsPutInForceAndAttached) {
  auto node = make_node();
  tell_first(*node);
  EXPECT_TRUE(node->stale());
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_TRUE(node->settled());
  EXPECT_EQ(node->last_change()->what, "first state");
  EXPECT_EQ(node->image().endpoints.size(), 2u);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
  pass_a_second();
  EXPECT_THAT(node->problems(), IsEmpty());
  EXPECT_EQ(node->pod_of(ip("10.0.0.2")), "prod/db");
  EXPECT_EQ(node->apply(), Applied::kNothingToDo);
}

TEST_F(NodeTest, AChangeIsOneEpoch) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  const uint64_t epoch = node->epoch();
  node->take_objects(objects(with_blocks(3)));
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_EQ(node->epoch(), epoch + 1);
  EXPECT_EQ(node->last_change()->what, "1 object");
  EXPECT_EQ(maps_.attaches, 2);
}

TEST_F(NodeTest, AChangeIsInForceBeforeItsCleanup) {
  auto node = make_node();
  tell_first(*node);
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_EQ(maps_.graces, 0) << "who waits for the change must not wait for the packets under way";
  EXPECT_TRUE(node->settled());
  node->settle();
  node->settle();
  EXPECT_EQ(maps_.graces, 1);
  node->take_objects(objects(with_blocks(3)));
  node->apply();
  EXPECT_EQ(maps_.graces, 1);
  node->take_objects(objects(with_blocks(2)));
  node->apply();
  EXPECT_EQ(maps_.graces, 2) << "the next change would write over what packets under way may read";
}

TEST_F(NodeTest, ACleanupThatFailsIsTriedAgainAndTheChangeStands) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  node->settle();
  node->take_objects(objects(with_blocks(3)));
  node->apply();
  const auto wanted = node->image();
  maps_.graces_fail = true;
  node->settle();
  EXPECT_THAT(node->last_error(), HasSubstr("which is in force: wait: refused"));
  EXPECT_EQ(node->image(), wanted);
  EXPECT_TRUE(node->stale());
  maps_.graces_fail = false;
  EXPECT_NE(node->apply(), Applied::kFailed);
  EXPECT_EQ(node->last_error(), "");
  EXPECT_TRUE(node->settled());
  EXPECT_EQ(node->image(), wanted);
}

TEST_F(NodeTest, NewsThatChangeNothingWriteNothing) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  const uint64_t epoch = node->epoch();
  node->take_objects(objects(deny_web()));
  EXPECT_EQ(node->apply(), Applied::kNothingToDo);
  EXPECT_TRUE(node->settled());
  EXPECT_EQ(node->epoch(), epoch);
}

TEST_F(NodeTest, ARestartFindsItsStateAndExchangesThePrograms) {
  auto first = make_node();
  tell_first(*first);
  first->apply();
  const uint64_t epoch = first->epoch();
  first.reset();
  maps_.attached.insert(99);  // of a pod that went while no agent ran
  maps_.attaches = 0;
  auto second = make_node();
  tell_first(*second);
  EXPECT_EQ(second->apply(), Applied::kInForce);
  EXPECT_EQ(second->epoch(), epoch);
  EXPECT_EQ(second->last_change()->entries, 0u);
  EXPECT_EQ(maps_.attaches, 2);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
}

TEST_F(NodeTest, ARestartAppliesWhatChangedMeanwhile) {
  auto first = make_node();
  tell_first(*first);
  first->apply();
  const uint64_t epoch = first->epoch();
  auto second = make_node();
  tell_first(*second);
  second->take_objects(objects(with_blocks(2)));
  EXPECT_EQ(second->apply(), Applied::kInForce);
  EXPECT_EQ(second->epoch(), epoch + 1);
  EXPECT_GT(second->last_change()->entries, 0u);
}

TEST_F(NodeTest, AFullMapLeavesThePreviousStateAndIsTriedAgain) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  const auto before = node->image();
  const uint64_t epoch = node->epoch();
  maps_.set_limit(SLUICE_MAP_PREFIXES4, 2);
  node->take_objects(objects(with_blocks(5)));
  EXPECT_EQ(node->apply(), Applied::kFailed);
  EXPECT_THAT(node->last_error(), HasSubstr("prefixes4"));
  EXPECT_EQ(node->epoch(), epoch);
  EXPECT_EQ(node->image(), before);
  EXPECT_FALSE(node->settled());
  EXPECT_EQ(node->totals().failures, 1u);
  maps_.set_limit(SLUICE_MAP_PREFIXES4, 100);
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_EQ(node->image(), node->compiler().image());
  EXPECT_EQ(node->last_error(), "");
  EXPECT_TRUE(node->settled());
}

TEST_F(NodeTest, APodWhosePolicyDoesNotFitGetsTheProgramsAllTheSame) {
  auto node = make_node();
  maps_.set_limit(SLUICE_MAP_ADDRESSES4, 0);
  maps_.set_limit(SLUICE_MAP_RULES, 0);
  maps_.flips_fail = true;
  tell_first(*node);
  EXPECT_EQ(node->apply(), Applied::kFailed);
  EXPECT_FALSE(node->ready());
  EXPECT_THAT(node->image().endpoints, IsEmpty());
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
}

TEST_F(NodeTest, MapsThatCannotBeReadChangeNothingAndDetachNothing) {
  maps_.attached = {99};
  unreadable_ = true;
  auto node = make_node();
  tell_first(*node);
  EXPECT_EQ(node->apply(), Applied::kFailed);
  EXPECT_THAT(node->last_error(), HasSubstr("cannot be read"));
  EXPECT_TRUE(maps_.attached.contains(99));
  unreadable_ = false;
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
}

TEST_F(NodeTest, AFailedAttachmentIsAProblemUntilItSucceeds) {
  auto node = make_node();
  maps_.refused = {8};
  tell_first(*node);
  EXPECT_EQ(node->apply(), Applied::kInForce);
  pass_a_second();
  EXPECT_THAT(node->problems(), ElementsAre("prod/db: attach: no such device"));
  EXPECT_TRUE(node->stale());
  EXPECT_FALSE(node->settled());
  maps_.refused.clear();
  node->apply();
  pass_a_second();
  EXPECT_THAT(node->problems(), IsEmpty());
  EXPECT_TRUE(node->settled());
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
}

// Numbers come back: a veth end that is moved here keeps its own where that is free.
TEST_F(NodeTest, AnInterfaceThatGotAnothersNumberIsAttachedAnew) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  for (const auto& other : {endpoint::Found{"c", 7, "veth7", {ip("10.0.0.1")}},
                            endpoint::Found{"c", 7, "veth77", {ip("10.0.0.1")}}}) {
    maps_.attached.erase(7);  // it went, and its programs with it
    auto now = discovery({other, found("b", 8, "10.0.0.2")});
    now.host_interfaces[7] = other.host_ifname;
    node->take_discovery(now);
    EXPECT_THAT(node->attached(), ElementsAre(8u)) << "nobody may rely on it";
    node->apply();
    EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u)) << other.netns << " " << other.host_ifname;
  }
  const int attaches = maps_.attaches;
  node->take_discovery(discovery({found("b", 8, "10.0.0.2")}, {7}, {"namespace c: not permitted"}));
  node->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u))
      << "its namespace is out of sight: held, and attached again";
  EXPECT_EQ(maps_.attaches, attaches + 1);
}

TEST_F(NodeTest, APodThatLeavesIsDetached) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  node->take_discovery(discovery({found("a", 7, "10.0.0.1")}));
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_EQ(node->last_change()->what, "endpoints");
  EXPECT_THAT(maps_.attached, ElementsAre(7u));
  EXPECT_EQ(node->image().endpoints.size(), 1u);
}

TEST_F(NodeTest, APodObjectThatComesAfterItsNamespaceIsFound) {
  auto node = make_node();
  node->take_objects({});
  node->take_discovery(discovery({found("a", 7, "10.0.0.1")}));
  node->take_node_addresses({});
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, IsEmpty());
  node->take_objects(objects(model::Pod(pod("prod/web", "10.0.0.1"))));
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u));
}

TEST_F(NodeTest, APodElsewhereThatTakesAnAddressOverIsNoticed) {
  auto node = make_node();
  tell_first(*node);
  ASSERT_EQ(node->apply(), Applied::kInForce);
  ASSERT_EQ(node->locals().size(), 2U);
  node->take_objects(objects(model::Pod(pod("prod/else", "10.0.9.9").on("n2"))));
  EXPECT_EQ(node->apply(), Applied::kNothingToDo) << "no policy tells it apart";
  EXPECT_EQ(node->locals().size(), 2U);
  node->take_objects(objects(model::Pod(pod("prod/else", "10.0.0.1").on("n2").created_at(99))));
  ASSERT_EQ(node->apply(), Applied::kInForce);
  EXPECT_EQ(node->locals().front().name.to_text(), "prod/db");
  EXPECT_EQ(node->locals().back().name.to_text(), "prod/else") << "the address is now its own";
}

TEST_F(NodeTest, BothInterfacesOfAnAddressAreHeld) {
  auto node = make_node();
  tell_first(*node);
  node->take_discovery(
      discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2"), found("c", 9, "10.0.0.1")}));
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u, 9u));
  EXPECT_EQ(endpoint_at(*node, 7), "prod/web");
  EXPECT_EQ(endpoint_at(*node, 9), "none") << "programs that know no pod: the default verdict";
  pass_a_second();
  EXPECT_THAT(node->problems(), ElementsAre(HasSubstr("veth7 (namespace a) has its policies; on veth9 "
                                                      "(namespace c) the default verdict holds")));
}

// Nobody told of them: who was there keeps what is in force on it, also after a restart.
TEST_F(NodeTest, AnAddressOfALaterPodGivesNothingOfWhatIsInForceOnAnotherInterface) {
  auto node = make_node();
  tell_first(*node);
  model::Pod later = pod("prod/db", "10.0.0.2").label("app", "db");
  later.created = 1'000;
  node->take_objects(objects(later));
  node->apply();
  auto both = found("a", 7, "10.0.0.1");
  both.addresses.push_back(ip("10.0.0.2"));
  for (const bool restarted : {false, true}) {
    if (restarted) node = make_node();
    if (restarted) tell_first(*node);
    if (restarted) node->take_objects(objects(later));
    node->take_discovery(discovery({both, found("b", 8, "10.0.0.2")}));
    node->apply();
    EXPECT_EQ(endpoint_at(*node, 7), "prod/web") << restarted;
    EXPECT_EQ(endpoint_at(*node, 8), "prod/db") << restarted;
    pass_a_second();
    EXPECT_THAT(node->problems(),
                ElementsAre(HasSubstr("treated as prod/web, whose policies are in force there")));
  }
  node->take_discovery(discovery({found("a", 7, "10.0.0.2"), found("b", 8, "10.0.0.2")}));
  node->apply();
  EXPECT_EQ(endpoint_at(*node, 7), "none");
  EXPECT_EQ(endpoint_at(*node, 8), "prod/db");
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
}

TEST_F(NodeTest, IsReadyOnlyWhileTheLastChangeHolds) {
  auto node = make_node();
  EXPECT_EQ(node->why_not_ready(), "no state in force yet");
  tell_first(*node);
  node->apply();
  EXPECT_EQ(node->why_not_ready(), "");
  maps_.set_limit(SLUICE_MAP_PREFIXES4, 2);
  node->take_objects(objects(with_blocks(5)));
  node->apply();
  EXPECT_THAT(node->why_not_ready(), HasSubstr("prefixes4"));
  EXPECT_TRUE(node->started());
}

TEST_F(NodeTest, APreviewWritesNothing) {
  auto node = make_node();
  tell_first(*node);
  auto difference = node->preview();
  ASSERT_TRUE(difference.ok());
  EXPECT_EQ(difference->endpoints.size(), 2u);
  EXPECT_EQ(maps_.contents().config.epoch, 1u);
  EXPECT_THAT(maps_.attached, IsEmpty());
}

}  // namespace
}  // namespace sluice::control
