// What stays enforced when an agent cannot see, and what it says about pods and namespaces that do not find
// each other.
#include "agent/node/interfaces.h"

#include <algorithm>

#include "tests/unit/node/reconciler_fixture.h"

namespace sluice::node {
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
class BlindNode : public ReconcilerTest, public ::testing::WithParamInterface<Blind> {};

TEST_P(BlindNode, KeepsWhatIsInForce) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  const auto before = node->view().image();
  if (GetParam().restart) node = make_node();
  if (GetParam().restart) give_first(*node);
  node->set_discovery(discovery({}, {7, 8}, GetParam().unseen));
  node->apply();
  EXPECT_TRUE(node->view().all_in_force());
  EXPECT_EQ(node->view().image(), before);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
  EXPECT_FALSE(node->view().ready());
  pass_a_second();
  EXPECT_THAT(node->view().problems(),
              Contains(HasSubstr("interface veth7: the network namespace behind it is not to "
                                 "be seen in /netns: the policies of pod prod/web stay")));
  node->set_objects(objects(with_blocks(2)));
  EXPECT_EQ(node->apply(), Applied::kInForce) << "policy still changes on it";
  EXPECT_TRUE(node->view().image().endpoints.begin()->second.ifindex != 0);
  EXPECT_EQ(node->view().image().endpoints.size(), 2u);
  node->set_discovery(discovery({found("a", 7, "10.0.0.1")}));
  node->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u)) << "seen again: 8 is gone for certain";
  EXPECT_TRUE(node->view().ready()) << node->view().why_not_ready();
}

INSTANTIATE_TEST_SUITE_P(
    Blindness, BlindNode,
    ::testing::Values(Blind{"NoDirectoryAfterARestart", true, {"--netns-dir /netns: does not exist"}},
                      Blind{"AnotherDirectoryAfterARestart", true, {}},
                      Blind{"NamespacesCannotBeEntered", false, {"namespace a: not permitted"}},
                      Blind{"NamespacesLostTheirNames", false, {}}),
    [](const auto& row) { return row.param.says; });

TEST_F(ReconcilerTest, AnInterfaceOfAnEarlierAgentWhosePodIsNotKnownStaysClosed) {
  auto first = make_node();
  give_first(*first);
  first->apply();
  auto second = make_node();
  second->set_objects(objects());  // another folder: no Pod object at all
  second->set_discovery(discovery({found("a", 7, "10.0.0.1")}, {7, 8}));
  second->set_node_addresses({ip("192.168.0.1")});
  EXPECT_EQ(second->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
  EXPECT_THAT(second->view().image().endpoints, IsEmpty());
  pass_a_second();
  EXPECT_THAT(second->view().problems(),
              ElementsAre(HasSubstr("interface veth8: the network namespace behind it is "
                                    "not to be seen in /netns: the default verdict holds")));
  EXPECT_THAT(
      second->view().warnings(),
      ElementsAre("namespace a: no Pod object has its address 10.0.0.1: the default verdict holds, as for "
                  "a pod that is not known yet, on interface veth7"));
}

TEST_F(ReconcilerTest, APodObjectThatGoesBeforeItsNamespaceLeavesItClosed) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  ObjectNews gone;
  gone.changes = {model::Change::remove({model::Kind::kPod, {"prod", "web"}})};
  node->set_objects(gone);
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
  EXPECT_EQ(endpoint_at(*node, 7), "none");
}

// Without nodeName and with its interface out of sight, nothing but what is kept says that the pod is here.
TEST_F(ReconcilerTest, APodObjectThatGoesWhileItsNamespaceIsNotSeenLeavesItClosed) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  node->set_discovery(discovery({}, {7, 8}));
  node->apply();
  ASSERT_EQ(endpoint_at(*node, 7), "prod/web");
  ObjectNews gone;
  gone.changes = {model::Change::remove({model::Kind::kPod, {"prod", "web"}})};
  node->set_objects(gone);
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
  EXPECT_EQ(endpoint_at(*node, 7), "none");
}

TEST_F(ReconcilerTest, AFinishedPodIsLetGo) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  model::Pod done = pod("prod/web", "10.0.0.1").label("app", "web");
  done.phase = model::PodPhase::kSucceeded;
  node->set_objects(objects(done));
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(8u));
}

TEST_F(ReconcilerTest, ANamespaceWithoutAPodObjectIsClosedOnlyInThePodsRange) {
  auto node = make_node();
  auto here = oracle::build::node("n1");
  here.pod_cidrs = {*net::Cidr::parse("10.0.0.0/24")};
  node->set_objects(objects(here));
  node->set_discovery(discovery({found("pod", 7, "10.0.0.1"), found("vpn", 9, "203.0.113.1")}));
  node->set_node_addresses({});
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u));
  EXPECT_EQ(node->view().interfaces().namespaces_without_pod, 2u);
  pass_a_second();
  EXPECT_THAT(
      node->view().warnings(),
      ElementsAre(HasSubstr("namespace pod: no Pod object has its address 10.0.0.1: the default verdict"),
                  HasSubstr("namespace vpn: no Pod object has its address 203.0.113.1: taken for no pod, "
                            "everything passes on interface veth9")));
  EXPECT_TRUE(node->view().ready());
}

// Its address has moved behind a bridge in its namespace, which was looked into: nothing to be unready for.
TEST_F(ReconcilerTest, AVirtualMachinesPodKeepsItsPoliciesAndTheNodeIsReady) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  const auto before = node->view().image();
  auto moved = discovery({found("b", 8, "10.0.0.2")}, {7});
  moved.bare = {{7, "a"}};
  node->set_discovery(moved);
  node->apply();
  EXPECT_EQ(node->view().image(), before);
  EXPECT_TRUE(node->view().ready()) << node->view().why_not_ready();
  pass_a_second();
  EXPECT_THAT(node->view().problems(), IsEmpty());
  EXPECT_THAT(node->view().warnings(),
              ElementsAre(HasSubstr("interface veth7: the pod's end of it has no address in "
                                    "namespace a (a virtual machine's pod has its address behind a "
                                    "bridge): the policies of pod prod/web stay in force")));
}

TEST_F(ReconcilerTest, WhatPassesWithinASecondIsNoProblem) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  node->set_discovery(discovery({found("a", 7, "10.0.0.1")}, {8}));  // a pod on its way out
  node->apply();
  EXPECT_FALSE(node->view().ready()) << "this is said at once";
  EXPECT_THAT(node->view().problems(), IsEmpty());
  const auto due = node->next_report();
  ASSERT_TRUE(due.has_value());
  node->set_discovery(discovery({found("a", 7, "10.0.0.1")}));
  node->apply();
  EXPECT_FALSE(node->next_report().has_value());
  pass_a_second();
  EXPECT_THAT(node->view().problems(), IsEmpty());
}

TEST_F(ReconcilerTest, ANodeNameOfNoNodeObjectIsAWarningWhileThereAreSome) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  pass_a_second();
  EXPECT_THAT(node->view().warnings(), IsEmpty()) << "a folder without Node objects";
  node->set_objects(objects(oracle::build::node("another")));
  node->apply();
  pass_a_second();
  EXPECT_THAT(node->view().warnings(),
              ElementsAre(HasSubstr("--node-name n1: none of the Node objects (1) has that name")));
  node->set_objects(objects(oracle::build::node("n1")));
  node->apply();
  EXPECT_THAT(node->view().warnings(), IsEmpty());
}

// clsact: the bandwidth plugin's `ingress` qdisc must find its place free.
TEST_F(ReconcilerTest, ANewPodThatIsNotKnownIsLeftToItsChainForAMoment) {
  gives_way_ = true;
  auto node = make_node();
  give_first(*node);
  auto here = oracle::build::node("n1");
  here.pod_cidrs = {*net::Cidr::parse("10.0.0.0/24")};
  node->set_objects(objects(here));
  node->set_discovery(
      discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2"), found("old", 9, "10.0.0.9")}));
  node->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u, 9u)) << "what is there at the start is closed at once";
  node->set_discovery(discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2"),
                                 found("old", 9, "10.0.0.9"), found("new", 10, "10.0.0.10")}));
  node->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u, 9u));
  EXPECT_FALSE(node->view().all_in_force()) << "to be tried again";
  pass_a_second();
  node->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u, 9u, 10u));
  EXPECT_TRUE(node->view().all_in_force());
}

// Never one that is known, where its namespace is open: from the start, or as soon as it is known.
TEST_F(ReconcilerTest, APodThatIsKnownIsNotLeftToItsChain) {
  gives_way_ = true;
  auto node = make_node();
  give_first(*node);
  auto here = oracle::build::node("n1");
  here.pod_cidrs = {*net::Cidr::parse("10.0.0.0/24")};
  node->set_objects(objects(here, model::Pod(pod("prod/early", "10.0.0.10").on("n1"))));
  node->set_discovery(discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2")}));
  node->apply();
  node->set_discovery(discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2"),
                                 found("early", 10, "10.0.0.10"), found("late", 11, "10.0.0.11")}));
  node->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u, 10u));
  node->set_objects(objects(model::Pod(pod("prod/late", "10.0.0.11").on("n1"))));
  node->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u, 10u, 11u)) << "its second is not over";
}

// A pod with a static address, or whose sandbox is made again, on interface 10: known before it is there.
class ClosedPod : public ReconcilerTest {
 protected:
  ClosedPod() {
    gives_way_ = true;
    closed_ = {"/netns/early"};
    node_ = make_node();
    give_first(*node_);
    node_->set_objects(objects(model::Pod(pod("prod/early", "10.0.0.10").on("n1"))));
    node_->apply();
    node_->set_discovery(discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2")}));
    node_->apply();
    come();
  }
  void come() {
    node_->set_discovery(
        discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2"), found("early", 10, "10.0.0.10")}));
    node_->apply();
  }
  bool attached() const { return maps_.attached.contains(10); }

  std::unique_ptr<Reconciler> node_;
};

TEST_F(ClosedPod, IsLeftToItsChainUntilItIsAnnounced) {
  EXPECT_FALSE(attached());
  EXPECT_EQ(endpoint_at(*node_, 10), "prod/early") << "its policy waits for it";
  EXPECT_FALSE(node_->view().all_in_force());
  EXPECT_FALSE(node_->view().to_retry()) << "nothing failed";
  const AnnouncedEndpoint announced{{"prod", "early"}, "", "/netns/early", "veth10", {ip("10.0.0.10")}};
  node_->set_announced({{{"c1", "eth0"}, announced}});
  node_->attach_announced(announced);
  EXPECT_TRUE(attached());
  node_->apply();
  EXPECT_TRUE(node_->view().all_in_force());
  EXPECT_FALSE(node_->view().look_again().has_value());
}

TEST_F(ClosedPod, IsLeftToItsChainNoLongerThanItIsClosed) {
  ASSERT_FALSE(attached());
  pass_until(node_->view().look_again());
  node_->apply();
  EXPECT_FALSE(attached()) << "a plugin that takes more than a second";
  closed_.clear();
  pass_until(node_->view().look_again());
  node_->apply();
  EXPECT_TRUE(attached());
}

TEST_F(ClosedPod, IsNotLeftToItsChainForGood) {
  const auto first = now_;
  while (!attached() && now_ < 10 * kGiveWayClosed) {
    pass_until(node_->view().look_again());
    node_->apply();
  }
  EXPECT_TRUE(attached());
  EXPECT_LE(now_ - first, kGiveWayClosed + std::chrono::milliseconds(1)) << "looked at right then";
  EXPECT_TRUE(node_->view().all_in_force());
}

TEST_F(ClosedPod, IsNotLeftAgainWhereItsProgramsCouldNotBeAttached) {
  maps_.refused = {10};
  now_ += kGiveWayClosed;
  node_->apply();
  EXPECT_TRUE(node_->view().to_retry());
  maps_.refused.clear();
  node_->apply();
  EXPECT_TRUE(attached());
}

// A node that starts makes all its pods at once.
TEST_F(ClosedPod, IsLeftToItsChainByAnAgentThatStartsTooUnlessItHasPrograms) {
  for (const bool carries : {false, true}) {
    maps_.attached = carries ? std::set<uint32_t>{10} : std::set<uint32_t>{};
    node_ = make_node();
    give_first(*node_);
    node_->set_objects(objects(model::Pod(pod("prod/early", "10.0.0.10").on("n1"))));
    const int before = maps_.attaches;
    come();
    EXPECT_EQ(maps_.attaches - before, carries ? 3 : 2) << "the open ones at once";
    EXPECT_EQ(attached(), carries);
  }
}

TEST_F(ReconcilerTest, APodOfThisNodeWithoutANamespaceIsAProblem) {
  auto node = make_node();
  give_first(*node);
  node->set_objects(objects(model::Pod(pod("prod/lost", "10.0.0.3").on("n1")),
                            model::Pod(pod("prod/elsewhere", "10.0.0.4").on("n2"))));
  node->apply();
  EXPECT_EQ(node->view().interfaces().pods_without_namespace, 1u);
  pass_a_second();
  EXPECT_THAT(
      node->view().problems(),
      ElementsAre(HasSubstr("Pod prod/lost: no network namespace in /netns has its address 10.0.0.3")));
}

// What a sync waits for (Agent::answer_syncs).
TEST_F(ReconcilerTest, PodsOfThisNodeThatMayBeWithoutPolicyAreNamed) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  EXPECT_EQ(node->view().why_unprotected(), "");
  node->set_discovery(discovery({found("a", 7, "10.0.0.1")}, {8}, {"46 namespaces: Too many open files"}));
  node->apply();
  EXPECT_TRUE(node->view().all_in_force());
  EXPECT_EQ(node->view().why_unprotected(), "46 namespaces: Too many open files");
  node->set_discovery(discovery({found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2")}));
  node->set_objects(objects(model::Pod(pod("prod/lost", "10.0.0.3").on("n1"))));
  node->apply();
  EXPECT_THAT(node->view().why_unprotected(), HasSubstr("Pod prod/lost: no network namespace in /netns"));
}

}  // namespace
}  // namespace sluice::node
