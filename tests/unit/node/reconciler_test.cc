// The Node's states over user-space maps: first state, change, restart, failure and recovery, attachments.
#include "tests/unit/node/reconciler_fixture.h"

namespace sluice::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(ReconcilerTest, NothingIsAppliedBeforeEverySourceHasSpoken) {
  auto node = make_node();
  node->set_objects(objects(deny_web()));
  EXPECT_EQ(node->apply(), Applied::kNothingToDo);
  node->set_discovery({});
  EXPECT_EQ(node->apply(), Applied::kNothingToDo);
  ObjectNews unfinished;
  unfinished.complete = false;
  node = make_node();
  node->set_discovery({});
  node->set_node_addresses({});
  node->set_objects(unfinished);
  EXPECT_EQ(node->apply(), Applied::kNothingToDo);
  EXPECT_FALSE(node->view().ready());
}

TEST_F(ReconcilerTest, TheFirstStateIsPutInForceAndAttached) {
  auto node = make_node();
  give_first(*node);
  EXPECT_TRUE(node->view().stale());
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_TRUE(node->view().all_in_force());
  EXPECT_EQ(node->view().last_change()->what, "first state");
  EXPECT_EQ(node->view().image().endpoints.size(), 2u);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
  pass_a_second();
  EXPECT_THAT(node->view().problems(), IsEmpty());
  EXPECT_EQ(node->pod_of(ip("10.0.0.2")), "prod/db");
  EXPECT_EQ(node->apply(), Applied::kNothingToDo);
}

TEST_F(ReconcilerTest, AChangeIsOneEpoch) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  const uint64_t epoch = node->view().epoch();
  node->set_objects(objects(with_blocks(3)));
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_EQ(node->view().epoch(), epoch + 1);
  EXPECT_EQ(node->view().last_change()->what, "1 object");
  EXPECT_EQ(maps_.attaches, 2);
}

// What the source said last still holds: its problems, and that it was read whole.
TEST_F(ReconcilerTest, PoliciesWhoseHoursBeginAndEndAreOneChange) {
  auto node = make_node();
  give_first(*node);
  auto news = objects(with_blocks(3));
  news.problems = {"x.yaml: no object"};
  node->set_objects(std::move(news));
  node->apply();
  pass_a_second();
  const uint64_t epoch = node->view().epoch();
  node->change_objects(
      {model::Change::remove(model::id_of(with_blocks(3))), model::Change::remove(model::id_of(deny_web()))});
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_EQ(node->view().epoch(), epoch + 1);
  EXPECT_EQ(node->view().last_change()->what, "2 objects");
  EXPECT_TRUE(node->view().compiler().cluster().policies.empty());
  EXPECT_THAT(node->view().object_problems(), ElementsAre("x.yaml: no object"));
}

TEST_F(ReconcilerTest, AChangeIsInForceBeforeItsCleanup) {
  auto node = make_node();
  give_first(*node);
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_EQ(maps_.graces, 0) << "who waits for the change must not wait for the packets under way";
  EXPECT_TRUE(node->view().all_in_force());
  node->clean_up();
  node->clean_up();
  EXPECT_EQ(maps_.graces, 1);
  node->set_objects(objects(with_blocks(3)));
  node->apply();
  EXPECT_EQ(maps_.graces, 1);
  node->set_objects(objects(with_blocks(2)));
  node->apply();
  EXPECT_EQ(maps_.graces, 2) << "the next change would write over what packets under way may read";
}

TEST_F(ReconcilerTest, ACleanupThatFailsIsTriedAgainAndTheChangeStands) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  node->clean_up();
  node->set_objects(objects(with_blocks(3)));
  node->apply();
  const auto wanted = node->view().image();
  maps_.graces_fail = true;
  node->clean_up();
  EXPECT_THAT(node->view().last_error(), HasSubstr("which is in force: wait: refused"));
  EXPECT_EQ(node->view().image(), wanted);
  EXPECT_TRUE(node->view().stale());
  maps_.graces_fail = false;
  EXPECT_NE(node->apply(), Applied::kFailed);
  EXPECT_EQ(node->view().last_error(), "");
  EXPECT_TRUE(node->view().all_in_force());
  EXPECT_EQ(node->view().image(), wanted);
}

TEST_F(ReconcilerTest, NewsThatChangeNothingWriteNothing) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  const uint64_t epoch = node->view().epoch();
  node->set_objects(objects(deny_web()));
  EXPECT_EQ(node->apply(), Applied::kNothingToDo);
  EXPECT_TRUE(node->view().all_in_force());
  EXPECT_EQ(node->view().epoch(), epoch);
}

TEST_F(ReconcilerTest, ARestartFindsItsStateAndExchangesThePrograms) {
  auto first = make_node();
  give_first(*first);
  first->apply();
  const uint64_t epoch = first->view().epoch();
  first.reset();
  maps_.attached.insert(99);  // of a pod that went while no agent ran
  maps_.attaches = 0;
  auto second = make_node();
  give_first(*second);
  EXPECT_EQ(second->apply(), Applied::kInForce);
  EXPECT_EQ(second->view().epoch(), epoch);
  EXPECT_EQ(second->view().last_change()->entries, 0u);
  EXPECT_EQ(maps_.attaches, 2);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
}

TEST_F(ReconcilerTest, ARestartAppliesWhatChangedMeanwhile) {
  auto first = make_node();
  give_first(*first);
  first->apply();
  const uint64_t epoch = first->view().epoch();
  auto second = make_node();
  give_first(*second);
  second->set_objects(objects(with_blocks(2)));
  EXPECT_EQ(second->apply(), Applied::kInForce);
  EXPECT_EQ(second->view().epoch(), epoch + 1);
  EXPECT_GT(second->view().last_change()->entries, 0u);
}

TEST_F(ReconcilerTest, AFullMapLeavesThePreviousStateAndIsTriedAgain) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  const auto before = node->view().image();
  const uint64_t epoch = node->view().epoch();
  maps_.set_limit(SLUICE_MAP_PREFIXES4, 2);
  node->set_objects(objects(with_blocks(5)));
  EXPECT_EQ(node->apply(), Applied::kFailed);
  EXPECT_THAT(node->view().last_error(), HasSubstr("prefixes4"));
  EXPECT_EQ(node->view().epoch(), epoch);
  EXPECT_EQ(node->view().image(), before);
  EXPECT_FALSE(node->view().all_in_force());
  EXPECT_EQ(node->view().totals().failures, 1u);
  maps_.set_limit(SLUICE_MAP_PREFIXES4, 100);
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_EQ(node->view().image(), node->view().compiler().image());
  EXPECT_EQ(node->view().last_error(), "");
  EXPECT_TRUE(node->view().all_in_force());
}

TEST_F(ReconcilerTest, APodWhosePolicyDoesNotFitGetsTheProgramsAllTheSame) {
  auto node = make_node();
  maps_.set_limit(SLUICE_MAP_ADDRESSES4, 0);
  maps_.set_limit(SLUICE_MAP_RULES, 0);
  maps_.flips_fail = true;
  give_first(*node);
  EXPECT_EQ(node->apply(), Applied::kFailed);
  EXPECT_FALSE(node->view().ready());
  EXPECT_THAT(node->view().image().endpoints, IsEmpty());
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
}

TEST_F(ReconcilerTest, MapsThatCannotBeReadChangeNothingAndDetachNothing) {
  maps_.attached = {99};
  unreadable_ = true;
  auto node = make_node();
  give_first(*node);
  EXPECT_EQ(node->apply(), Applied::kFailed);
  EXPECT_THAT(node->view().last_error(), HasSubstr("cannot be read"));
  EXPECT_TRUE(maps_.attached.contains(99));
  unreadable_ = false;
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
}

// Else an ADD would be told that its policy is in force.
TEST_F(ReconcilerTest, WhatWasNotPutInForceIsNeverTakenForItThoughTheMapsCannotBeRead) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  node->clean_up();
  const auto before = node->view().image();
  node->set_objects(objects(model::Pod(pod("prod/new", "10.0.0.3"))));
  node->set_discovery(
      discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2"), found("c", 9, "10.0.0.3")}));
  maps_.flips_fail = unreadable_ = true;
  EXPECT_EQ(node->apply(), Applied::kFailed);
  EXPECT_EQ(endpoint_at(*node, 9), "none");
  EXPECT_EQ(node->view().image(), before);
  EXPECT_THAT(node->view().why_not_ready(), HasSubstr("flip: refused"));
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u, 9u)) << "closed, and nothing is let go";
  maps_.flips_fail = unreadable_ = false;
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_EQ(endpoint_at(*node, 9), "prod/new");
  EXPECT_EQ(endpoint_at(*node, 7), "prod/web");
}

TEST_F(ReconcilerTest, WhatIsWrongWithTheMapsIsAProblemThoughTheChangeIsInForce) {
  auto node = make_node();
  maps_.wrong = {"map rules: could not grow"};
  give_first(*node);
  EXPECT_EQ(node->apply(), Applied::kInForce);
  pass_a_second();
  EXPECT_THAT(node->view().problems(), ElementsAre("map rules: could not grow"));
  EXPECT_TRUE(node->view().all_in_force());
  maps_.wrong.clear();
  node->report();
  EXPECT_THAT(node->view().problems(), IsEmpty());
}

TEST_F(ReconcilerTest, AFailedAttachmentIsAProblemUntilItSucceeds) {
  auto node = make_node();
  maps_.refused = {8};
  give_first(*node);
  EXPECT_EQ(node->apply(), Applied::kInForce);
  pass_a_second();
  EXPECT_THAT(node->view().problems(), ElementsAre("prod/db: attach: no such device"));
  EXPECT_TRUE(node->view().stale());
  EXPECT_FALSE(node->view().all_in_force());
  maps_.refused.clear();
  node->apply();
  pass_a_second();
  EXPECT_THAT(node->view().problems(), IsEmpty());
  EXPECT_TRUE(node->view().all_in_force());
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
}

// Numbers come back: a veth end that is moved here keeps its own where that is free.
TEST_F(ReconcilerTest, AnInterfaceThatGotAnothersNumberIsAttachedAnew) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  for (const auto& other : {endpoint::Found{"c", 7, "veth7", {ip("10.0.0.1")}},
                            endpoint::Found{"c", 7, "veth77", {ip("10.0.0.1")}}}) {
    maps_.attached.erase(7);  // it went, and its programs with it
    auto now = discovery({other, found("b", 8, "10.0.0.2")});
    now.host_interfaces[7] = other.host_ifname;
    node->set_discovery(now);
    EXPECT_THAT(node->view().attached(), ElementsAre(8u)) << "nobody may rely on it";
    node->apply();
    EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u)) << other.netns << " " << other.host_ifname;
  }
  const int attaches = maps_.attaches;
  node->set_discovery(discovery({found("b", 8, "10.0.0.2")}, {7}, {"namespace c: not permitted"}));
  node->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u))
      << "its namespace is out of sight: held, and attached again";
  EXPECT_EQ(maps_.attaches, attaches + 1);
}

TEST_F(ReconcilerTest, APodThatLeavesIsDetached) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  node->set_discovery(discovery({found("a", 7, "10.0.0.1")}));
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_EQ(node->view().last_change()->what, "endpoints");
  EXPECT_THAT(maps_.attached, ElementsAre(7u));
  EXPECT_EQ(node->view().image().endpoints.size(), 1u);
}

TEST_F(ReconcilerTest, APodObjectThatComesAfterItsNamespaceIsFound) {
  auto node = make_node();
  node->set_objects({});
  node->set_discovery(discovery({found("a", 7, "10.0.0.1")}));
  node->set_node_addresses({});
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, IsEmpty());
  node->set_objects(objects(model::Pod(pod("prod/web", "10.0.0.1"))));
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u));
}

TEST_F(ReconcilerTest, APodElsewhereThatTakesAnAddressOverIsNoticed) {
  auto node = make_node();
  give_first(*node);
  ASSERT_EQ(node->apply(), Applied::kInForce);
  ASSERT_EQ(node->view().locals().size(), 2U);
  node->set_objects(objects(model::Pod(pod("prod/else", "10.0.9.9").on("n2"))));
  EXPECT_EQ(node->apply(), Applied::kNothingToDo) << "no policy tells it apart";
  EXPECT_EQ(node->view().locals().size(), 2U);
  node->set_objects(objects(model::Pod(pod("prod/else", "10.0.0.1").on("n2").created_at(99))));
  ASSERT_EQ(node->apply(), Applied::kInForce);
  EXPECT_EQ(node->view().locals().front().name.to_text(), "prod/db");
  EXPECT_EQ(node->view().locals().back().name.to_text(), "prod/else") << "the address is now its own";
}

TEST_F(ReconcilerTest, BothInterfacesOfAnAddressAreHeld) {
  auto node = make_node();
  give_first(*node);
  node->set_discovery(
      discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2"), found("c", 9, "10.0.0.1")}));
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u, 9u));
  EXPECT_EQ(endpoint_at(*node, 7), "prod/web");
  EXPECT_EQ(endpoint_at(*node, 9), "none") << "programs that know no pod: the default verdict";
  pass_a_second();
  EXPECT_THAT(node->view().problems(), ElementsAre(HasSubstr("veth7 (namespace a) has its policies; on veth9 "
                                                             "(namespace c) the default verdict holds")));
}

// Nobody announced them: who was there keeps what is in force on it, also after a restart.
TEST_F(ReconcilerTest, AnAddressOfALaterPodGivesNothingOfWhatIsInForceOnAnotherInterface) {
  auto node = make_node();
  give_first(*node);
  model::Pod later = pod("prod/db", "10.0.0.2").label("app", "db");
  later.created = 1'000;
  node->set_objects(objects(later));
  node->apply();
  auto both = found("a", 7, "10.0.0.1");
  both.addresses.push_back(ip("10.0.0.2"));
  for (const bool restarted : {false, true}) {
    if (restarted) node = make_node();
    if (restarted) give_first(*node);
    if (restarted) node->set_objects(objects(later));
    node->set_discovery(discovery({both, found("b", 8, "10.0.0.2")}));
    node->apply();
    EXPECT_EQ(endpoint_at(*node, 7), "prod/web") << restarted;
    EXPECT_EQ(endpoint_at(*node, 8), "prod/db") << restarted;
    pass_a_second();
    EXPECT_THAT(node->view().problems(),
                ElementsAre(HasSubstr("treated as prod/web, whose policies are in force there")));
  }
  node->set_discovery(discovery({found("a", 7, "10.0.0.2"), found("b", 8, "10.0.0.2")}));
  node->apply();
  EXPECT_EQ(endpoint_at(*node, 7), "none");
  EXPECT_EQ(endpoint_at(*node, 8), "prod/db");
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
}

TEST_F(ReconcilerTest, IsReadyOnlyWhileTheLastChangeHolds) {
  auto node = make_node();
  EXPECT_EQ(node->view().why_not_ready(), "no state in force yet");
  give_first(*node);
  node->apply();
  EXPECT_EQ(node->view().why_not_ready(), "");
  maps_.set_limit(SLUICE_MAP_PREFIXES4, 2);
  node->set_objects(objects(with_blocks(5)));
  node->apply();
  EXPECT_THAT(node->view().why_not_ready(), HasSubstr("prefixes4"));
  EXPECT_TRUE(node->view().started());
}

TEST_F(ReconcilerTest, APreviewWritesNothing) {
  auto node = make_node();
  give_first(*node);
  auto difference = node->preview();
  ASSERT_TRUE(difference.ok());
  EXPECT_EQ(difference->endpoints.size(), 2u);
  EXPECT_EQ(maps_.contents().config.epoch, 1u);
  EXPECT_THAT(maps_.attached, IsEmpty());
}

}  // namespace
}  // namespace sluice::node
