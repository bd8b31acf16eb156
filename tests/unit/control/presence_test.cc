// What stays enforced when an agent cannot see, and what it says about pods and namespaces that do not find
// each other.
#include "agent/control/presence.h"

#include <algorithm>

#include "agent/control/replies.h"
#include "tests/unit/control/node_fixture.h"

namespace sluice::control {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What an agent that starts, or runs on, cannot see stays as it was (operating.md, failures P and Q).
struct Blind {
  const char* says;
  bool restart;
  std::vector<std::string> unseen;
};
class BlindNode : public NodeTest, public ::testing::WithParamInterface<Blind> {};

TEST_P(BlindNode, KeepsWhatIsInForce) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  const auto before = node->image();
  if (GetParam().restart) node = make_node();
  if (GetParam().restart) tell_first(*node);
  node->take_discovery(discovery({}, {7, 8}, GetParam().unseen));
  node->apply();
  EXPECT_TRUE(node->settled());
  EXPECT_EQ(node->image(), before);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
  EXPECT_FALSE(node->ready());
  pass_a_second();
  EXPECT_THAT(node->problems(),
              Contains(HasSubstr("interface veth7: the network namespace behind it is not to "
                                 "be seen in /netns: the policies of pod prod/web stay")));
  node->take_objects(objects(with_blocks(2)));
  EXPECT_EQ(node->apply(), Applied::kInForce) << "policy still changes on it";
  EXPECT_TRUE(node->image().endpoints.begin()->second.ifindex != 0);
  EXPECT_EQ(node->image().endpoints.size(), 2u);
  node->take_discovery(discovery({found("a", 7, "10.0.0.1")}));
  node->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u)) << "seen again: 8 is gone for certain";
  EXPECT_TRUE(node->ready()) << node->why_not_ready();
}

INSTANTIATE_TEST_SUITE_P(
    Blindness, BlindNode,
    ::testing::Values(Blind{"NoDirectoryAfterARestart", true, {"--netns-dir /netns: does not exist"}},
                      Blind{"AnotherDirectoryAfterARestart", true, {}},
                      Blind{"NamespacesCannotBeEntered", false, {"namespace a: not permitted"}},
                      Blind{"NamespacesLostTheirNames", false, {}}),
    [](const auto& row) { return row.param.says; });

TEST_F(NodeTest, AnInterfaceOfAnEarlierAgentWhosePodIsNotKnownStaysClosed) {
  auto first = make_node();
  tell_first(*first);
  first->apply();
  auto second = make_node();
  second->take_objects(objects());  // another folder: no Pod object at all
  second->take_discovery(discovery({found("a", 7, "10.0.0.1")}, {7, 8}));
  second->take_node_addresses({ip("192.168.0.1")});
  EXPECT_EQ(second->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
  EXPECT_THAT(second->image().endpoints, IsEmpty());
  pass_a_second();
  EXPECT_THAT(second->problems(),
              ElementsAre(HasSubstr("interface veth8: the network namespace behind it is "
                                    "not to be seen in /netns: the default verdict holds")));
  EXPECT_THAT(
      second->warnings(),
      ElementsAre("namespace a: no Pod object has its address 10.0.0.1: the default verdict holds, as for "
                  "a pod that is not known yet, on interface veth7"));
}

TEST_F(NodeTest, APodObjectThatGoesBeforeItsNamespaceLeavesItClosed) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  ObjectNews gone;
  gone.changes = {model::Change::remove({model::Kind::kPod, {"prod", "web"}})};
  node->take_objects(gone);
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
  EXPECT_EQ(endpoint_at(*node, 7), "none");
}

// Without nodeName and with its interface out of sight, nothing but what is kept says that the pod is here.
TEST_F(NodeTest, APodObjectThatGoesWhileItsNamespaceIsNotSeenLeavesItClosed) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  node->take_discovery(discovery({}, {7, 8}));
  node->apply();
  ASSERT_EQ(endpoint_at(*node, 7), "prod/web");
  ObjectNews gone;
  gone.changes = {model::Change::remove({model::Kind::kPod, {"prod", "web"}})};
  node->take_objects(gone);
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
  EXPECT_EQ(endpoint_at(*node, 7), "none");
}

TEST_F(NodeTest, AFinishedPodIsLetGo) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  model::Pod done = pod("prod/web", "10.0.0.1").label("app", "web");
  done.phase = model::PodPhase::kSucceeded;
  node->take_objects(objects(done));
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(8u));
}

TEST_F(NodeTest, ANamespaceWithoutAPodObjectIsClosedOnlyInThePodsRange) {
  auto node = make_node();
  auto here = oracle::build::node("n1");
  here.pod_cidrs = {*net::Cidr::parse("10.0.0.0/24")};
  node->take_objects(objects(here));
  node->take_discovery(discovery({found("pod", 7, "10.0.0.1"), found("vpn", 9, "203.0.113.1")}));
  node->take_node_addresses({});
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u));
  EXPECT_EQ(node->presence().namespaces_without_pod, 2u);
  pass_a_second();
  EXPECT_THAT(
      node->warnings(),
      ElementsAre(HasSubstr("namespace pod: no Pod object has its address 10.0.0.1: the default verdict"),
                  HasSubstr("namespace vpn: no Pod object has its address 203.0.113.1: taken for no pod, "
                            "everything passes on interface veth9")));
  EXPECT_TRUE(node->ready());
}

// Its address has moved behind a bridge in its namespace, which was looked into: nothing to be unready for.
TEST_F(NodeTest, AVirtualMachinesPodKeepsItsPoliciesAndTheNodeIsReady) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  const auto before = node->image();
  auto moved = discovery({found("b", 8, "10.0.0.2")}, {7});
  moved.bare = {{7, "a"}};
  node->take_discovery(moved);
  node->apply();
  EXPECT_EQ(node->image(), before);
  EXPECT_TRUE(node->ready()) << node->why_not_ready();
  pass_a_second();
  EXPECT_THAT(node->problems(), IsEmpty());
  EXPECT_THAT(node->warnings(),
              ElementsAre(HasSubstr("interface veth7: the pod's end of it has no address in "
                                    "namespace a (a virtual machine's pod has its address behind a "
                                    "bridge): the policies of pod prod/web stay in force")));
}

TEST_F(NodeTest, WhatPassesWithinASecondIsNoProblem) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  node->take_discovery(discovery({found("a", 7, "10.0.0.1")}, {8}));  // a pod on its way out
  node->apply();
  EXPECT_FALSE(node->ready()) << "this is said at once";
  EXPECT_THAT(node->problems(), IsEmpty());
  const auto due = node->next_problems();
  ASSERT_TRUE(due.has_value());
  node->take_discovery(discovery({found("a", 7, "10.0.0.1")}));
  node->apply();
  EXPECT_FALSE(node->next_problems().has_value());
  pass_a_second();
  EXPECT_THAT(node->problems(), IsEmpty());
}

TEST_F(NodeTest, ANodeNameOfNoNodeObjectIsAWarningWhileThereAreSome) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  pass_a_second();
  EXPECT_THAT(node->warnings(), IsEmpty()) << "a folder without Node objects";
  node->take_objects(objects(oracle::build::node("another")));
  node->apply();
  pass_a_second();
  EXPECT_THAT(node->warnings(),
              ElementsAre(HasSubstr("--node-name n1: none of the Node objects (1) has that name")));
  node->take_objects(objects(oracle::build::node("n1")));
  node->apply();
  EXPECT_THAT(node->warnings(), IsEmpty());
}

// clsact: the bandwidth plugin's `ingress` qdisc must find its place free.
TEST_F(NodeTest, ANewPodThatIsNotKnownIsLeftToItsChainForAMoment) {
  gives_way_ = true;
  auto node = make_node();
  tell_first(*node);
  auto here = oracle::build::node("n1");
  here.pod_cidrs = {*net::Cidr::parse("10.0.0.0/24")};
  node->take_objects(objects(here));
  node->take_discovery(
      discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2"), found("old", 9, "10.0.0.9")}));
  node->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u, 9u)) << "what is there at the start is closed at once";
  node->take_discovery(discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2"),
                                  found("old", 9, "10.0.0.9"), found("new", 10, "10.0.0.10")}));
  node->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u, 9u));
  EXPECT_FALSE(node->settled()) << "to be tried again";
  pass_a_second();
  node->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u, 9u, 10u));
  EXPECT_TRUE(node->settled());
}

// Never one that is known: from the start, or as soon as it is.
TEST_F(NodeTest, APodThatIsKnownIsNotLeftToItsChain) {
  gives_way_ = true;
  auto node = make_node();
  tell_first(*node);
  auto here = oracle::build::node("n1");
  here.pod_cidrs = {*net::Cidr::parse("10.0.0.0/24")};
  node->take_objects(objects(here, model::Pod(pod("prod/early", "10.0.0.10").on("n1"))));
  node->take_discovery(discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2")}));
  node->apply();
  node->take_discovery(discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2"),
                                  found("early", 10, "10.0.0.10"), found("late", 11, "10.0.0.11")}));
  node->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u, 10u));
  node->take_objects(objects(model::Pod(pod("prod/late", "10.0.0.11").on("n1"))));
  node->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u, 10u, 11u)) << "its second is not over";
}

TEST_F(NodeTest, APodOfThisNodeWithoutANamespaceIsAProblem) {
  auto node = make_node();
  tell_first(*node);
  node->take_objects(objects(model::Pod(pod("prod/lost", "10.0.0.3").on("n1")),
                             model::Pod(pod("prod/elsewhere", "10.0.0.4").on("n2"))));
  node->apply();
  EXPECT_EQ(node->presence().pods_without_namespace, 1u);
  pass_a_second();
  EXPECT_THAT(
      node->problems(),
      ElementsAre(HasSubstr("Pod prod/lost: no network namespace in /netns has its address 10.0.0.3")));
}

TEST_F(NodeTest, ACheckOfAPodThatIsNotFoundSaysWhoseItIs) {
  auto node = make_node();
  tell_first(*node);
  node->take_objects(objects(model::Pod(pod("prod/lost", "10.0.0.3").on("n1")),
                             model::Pod(pod("prod/elsewhere", "10.0.0.4").on("n2"))));
  node->apply();
  v1::CheckRequest request;
  request.set_from("prod/lost");
  request.set_to("prod/elsewhere");
  request.set_port(80);
  const auto reply = check_reply(*node, request);
  ASSERT_TRUE(reply.ok()) << reply.error().message();
  EXPECT_EQ(
      reply->egress().reason(),
      "nothing is enforced on prod/lost: it is of this node, and no network namespace in /netns has its "
      "address");
  EXPECT_FALSE(reply->egress().elsewhere());
  EXPECT_EQ(reply->ingress().reason(), "prod/elsewhere is not on this node: ask the agent of n2");
}

// What a sync waits for (Agent::answer_syncs).
TEST_F(NodeTest, PodsOfThisNodeThatMayBeWithoutPolicyAreNamed) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  EXPECT_EQ(node->why_unprotected(), "");
  node->take_discovery(discovery({found("a", 7, "10.0.0.1")}, {8}, {"46 namespaces: Too many open files"}));
  node->apply();
  EXPECT_TRUE(node->settled());
  EXPECT_EQ(node->why_unprotected(), "46 namespaces: Too many open files");
  node->take_discovery(discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2")}));
  node->take_objects(objects(model::Pod(pod("prod/lost", "10.0.0.3").on("n1"))));
  node->apply();
  EXPECT_THAT(node->why_unprotected(), HasSubstr("Pod prod/lost: no network namespace in /netns"));
}

TEST_F(NodeTest, TheStatusSaysWhyTheNodeIsNotReady) {
  auto node = make_node();
  tell_first(*node);
  node->take_discovery(discovery({}, {}, {"--netns-dir /netns: does not exist"}));
  node->apply();
  const auto reply = status_reply(*node, {}, {}, {}, {});
  EXPECT_TRUE(reply.started());
  EXPECT_FALSE(reply.ready());
  EXPECT_EQ(reply.not_ready(), "--netns-dir /netns: does not exist");
  const auto metrics = metrics_reading(*node, {}, {}, {});
  EXPECT_FALSE(metrics.ready);
  EXPECT_EQ(metrics.namespaces_unseen, 1u);
}

TEST_F(NodeTest, ASyncNamesWhatTheSourceRefusedAndNothingElse) {
  auto node = make_node();
  tell_first(*node);
  node->take_discovery(discovery({}, {}, {"--netns-dir /netns: does not exist"}));
  node->apply();
  EXPECT_EQ(sync_reply(*node).refused(), 0u);
  ObjectNews news;
  news.problems = {"m/b.yaml: document 1: line 2: not YAML", "m/c.yaml: is empty"};
  node->take_objects(news);
  const auto reply = sync_reply(*node);
  EXPECT_EQ(reply.refused(), 2u);
  EXPECT_EQ(reply.first_refused(), "m/b.yaml: document 1: line 2: not YAML");
}

TEST_F(NodeTest, OfAMapOnlyWhatCanBeFilledCounts) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  const auto reply = status_reply(*node, {}, {}, {}, {});
  const auto endpoints = std::ranges::find(reply.maps(), "endpoints", &v1::MapFill::map);
  ASSERT_NE(endpoints, reply.maps().end());
  EXPECT_EQ(endpoints->used(), 2u);
  EXPECT_EQ(endpoints->limit(), SLUICE_MAX_ENDPOINTS - 1u);
}

}  // namespace
}  // namespace sluice::control
