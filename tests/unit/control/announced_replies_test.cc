// What a Reconciler makes of announced endpoints before and after the Pod object comes.
#include "agent/control/announced_replies.h"
#include "tests/unit/node/announced_fixture.h"

namespace sluice::node {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A node that knows db and the policy, whose machine has veth7 for the pod to come; nothing was announced yet.
class AnnouncedTest : public ReconcilerTest {
 protected:
  void SetUp() override {
    node_ = make_node();
    node_->set_objects(objects(model::Pod(pod("prod/db", "10.0.0.2").label("app", "db")), deny_web()));
    node_->set_discovery(discovery({found("b", 8, "10.0.0.2")}, {7}));
    node_->set_node_addresses({ip("192.168.0.1")});
    node_->apply();
  }
  static model::Pod web(std::vector<net::Ip> ips = {}) {
    model::Pod web = pod("prod/web").label("app", "web");
    web.uid = kUid;
    web.node_name = "n1";
    web.ips = std::move(ips);
    return web;
  }
  void attach_web() { node_->attach_announced(announced_web().begin()->second); }
  std::string missing() const {
    return control::why_not_in_force(node_->view(), announced_web().begin()->second, "");
  }
  std::unique_ptr<Reconciler> node_;
};

TEST_F(AnnouncedTest, WhoseInterfaceIsGoneIsForgottenOnlyWhereThatWasSeen) {
  Announced announced = announced_web();
  const Announced kept = node_->view().still_there(announced);
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept.begin()->second.host_ifindex, 7u) << "its number is learnt";
  EXPECT_EQ(make_node()->view().still_there(announced), announced) << "nothing was discovered";
  announced.begin()->second.host_interface = "veth9";
  EXPECT_TRUE(node_->view().still_there(announced).empty());
}

TEST_F(AnnouncedTest, AnAnnouncedInterfaceIsClosedUntilItsPodIsKnown) {
  EXPECT_THAT(maps_.attached, ElementsAre(8u));
  node_->set_announced(announced_web());
  attach_web();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u)) << "before anything is compiled";
  node_->apply();
  EXPECT_EQ(endpoint_at(*node_, 7), "none");
  EXPECT_EQ(missing(), "no Pod object prod/web of uid 11111111-2222-3333-4444-555555555555 is known yet");
  node_->set_objects(objects(web()));
  EXPECT_EQ(node_->apply(), Applied::kInForce);
  EXPECT_EQ(endpoint_at(*node_, 7), "prod/web");
  EXPECT_EQ(missing(), "");
  const control::AgentFacts facts{"", "", "", true, false};
  EXPECT_EQ(control::added_reply(node_->view(), facts, announced_web().begin()->second).ingress(),
            "isolated");
  EXPECT_EQ(node_->pod_of(ip("10.0.0.1")), "prod/web") << "others know it by the announced address";
}

TEST_F(AnnouncedTest, ThePodObjectMayComeBefore) {
  node_->set_objects(objects(web()));
  node_->apply();
  node_->set_announced(announced_web());
  EXPECT_EQ(node_->apply(), Applied::kInForce);
  EXPECT_EQ(endpoint_at(*node_, 7), "prod/web");
  const uint64_t epoch = node_->view().epoch();
  node_->set_objects(objects(web({ip("10.0.0.1")})));
  EXPECT_EQ(node_->apply(), Applied::kNothingToDo) << "its own address is the announced one";
  EXPECT_EQ(node_->view().epoch(), epoch);
}

TEST_F(AnnouncedTest, APodOfThatNameBeforeItIsAnother) {
  model::Pod before = web({ip("10.0.0.9")});
  before.uid = kOtherUid;
  node_->set_objects(objects(before));
  node_->set_announced(announced_web());
  node_->apply();
  EXPECT_EQ(endpoint_at(*node_, 7), "none");
  EXPECT_TRUE(maps_.attached.contains(7));
  EXPECT_THAT(missing(), HasSubstr("is known yet, only one of another uid"));
}

// A Job's pod keeps its address in the API when it is done, and the address is handed out again.
TEST_F(AnnouncedTest, AnAddressOfAFinishedPodBeforeItDoesNotOpenIt) {
  model::Pod job = pod("prod/job", "10.0.0.1");
  job.phase = model::PodPhase::kSucceeded;
  node_->set_objects(objects(job));
  node_->apply();
  node_->set_announced(announced_web());
  attach_web();
  EXPECT_EQ(node_->apply(), Applied::kNothingToDo);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
  pass_a_second();
  EXPECT_THAT(
      node_->view().warnings(),
      Contains("interface veth7: a CNI plugin announced it as pod prod/web's, and no such Pod object has "
               "an address there (10.0.0.1): the default verdict holds, as for a pod that is not "
               "known yet"));
  node_->set_objects(objects(web()));
  EXPECT_EQ(node_->apply(), Applied::kInForce);
  EXPECT_EQ(endpoint_at(*node_, 7), "prod/web");
}

// With CAP_NET_ADMIN a pod can give itself any address.
TEST_F(AnnouncedTest, AnAddressOfALaterPodGivesNothingOfItsPolicy) {
  model::Pod later = pod("prod/db", "10.0.0.2").label("app", "db");
  later.created = 1'000;
  for (const bool before_it_is_known : {true, false}) {
    SetUp();
    node_->set_objects(objects(later));
    if (!before_it_is_known) node_->set_objects(objects(web()));
    node_->set_announced(announced_web());
    node_->apply();
    endpoint::Found both = found("cni-1", 7, "10.0.0.1"), stolen = found("cni-1", 7, "10.0.0.2");
    both.addresses.push_back(ip("10.0.0.2"));
    for (const auto& place : {both, stolen}) {
      node_->set_discovery(discovery({place, found("b", 8, "10.0.0.2")}));
      node_->apply();
      EXPECT_EQ(endpoint_at(*node_, 7), before_it_is_known ? "none" : "prod/web");
      EXPECT_EQ(endpoint_at(*node_, 8), "prod/db");
      EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
      pass_a_second();
      EXPECT_THAT(
          node_->view().problems(),
          Contains(HasSubstr("interface veth7 (namespace cni-1) carries an address of pod prod/db, but "
                             "a CNI plugin announced it as pod prod/web's")));
    }
  }
}

// The announced interface comes before one that only has the address and a lower number.
TEST_F(AnnouncedTest, TheAnnouncedInterfaceIsThePods) {
  auto announced = announcement();
  announced.endpoint.host_interface = "veth9";
  node_->set_objects(objects(web()));
  node_->set_discovery(discovery({found("other", 7, "10.0.0.1"), found("b", 8, "10.0.0.2")}, {9}));
  node_->set_announced(announced_of(announced));
  node_->apply();
  EXPECT_EQ(endpoint_at(*node_, 9), "prod/web");
  EXPECT_EQ(endpoint_at(*node_, 7), "none");
  EXPECT_TRUE(maps_.attached.contains(7));
}

TEST_F(AnnouncedTest, TakenBackItStaysClosedWhileTheInterfaceIsThere) {
  node_->set_objects(objects(web()));
  node_->set_announced(announced_web());
  node_->apply();
  node_->set_announced({});
  node_->apply();
  EXPECT_EQ(endpoint_at(*node_, 7), "none");
  EXPECT_TRUE(maps_.attached.contains(7));
  node_->set_discovery(discovery({found("b", 8, "10.0.0.2")}));
  node_->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(8u));
}

TEST_F(AnnouncedTest, BeforeTheFirstSnapshotItIsClosedAllTheSame) {
  node_ = make_node();
  ObjectNews waiting;
  waiting.complete = false;
  waiting.problems = {"waiting for the first snapshot: no feeder has come"};
  node_->set_objects(waiting);
  node_->set_discovery(discovery({found("b", 8, "10.0.0.2")}, {7}));
  node_->set_node_addresses({});
  maps_.attached.clear();
  node_->set_announced(announced_web());
  attach_web();
  EXPECT_EQ(node_->apply(), Applied::kNothingToDo);
  EXPECT_THAT(maps_.attached, ElementsAre(7u));
  const std::string_view waits = "waiting for the first snapshot: no feeder has come";
  EXPECT_TRUE(missing().starts_with(waits)) << missing();
  EXPECT_TRUE(node_->view().why_not_ready().starts_with(waits)) << node_->view().why_not_ready();
}

// A new agent, perhaps with maps of another layout, which are empty: what the programs there enforce stays as
// it is until the first state. What has none is closed: it was announced, and nobody let it go.
TEST_F(AnnouncedTest, AtTheStartOnlyWhatCarriesNoProgramsIsClosedBeforeTheFirstState) {
  auto other = announcement();
  other.key.container_id = "c2";
  other.endpoint.host_interface = "veth9";
  Announced both = announced_web();
  both.merge(announced_of(other));
  maps_.attached = {7, 8};
  node_ = make_node();
  node_->set_discovery(discovery({found("b", 8, "10.0.0.2")}, {7, 9}));
  node_->set_node_addresses({});
  node_->set_announced(both);
  const int attaches = maps_.attaches;
  node_->attach_announced_without_programs();
  EXPECT_EQ(node_->apply(), Applied::kNothingToDo);
  EXPECT_EQ(maps_.attaches, attaches + 1);
  EXPECT_THAT(node_->view().attached(), ElementsAre(9u));
  EXPECT_TRUE(missing().starts_with("no state in force yet")) << missing();
  node_->set_objects(objects(web({ip("10.0.0.1")}), deny_web()));
  node_->apply();
  EXPECT_THAT(node_->view().attached(), ElementsAre(7u, 8u, 9u)) << "after the flip";
  EXPECT_EQ(missing(), "");
}

TEST_F(AnnouncedTest, AnnouncedAgainItIsAttachedAgain) {
  node_->set_objects(objects(web()));
  node_->set_announced(announced_web());
  node_->apply();
  maps_.attached.erase(7);  // the interface went, and this one has its name and number
  attach_web();
  EXPECT_TRUE(maps_.attached.contains(7));
  maps_.refused = {7};
  attach_web();
  node_->apply();
  EXPECT_THAT(missing(), HasSubstr("no such device"));
}

TEST_F(AnnouncedTest, AnInterfaceThatCannotBeAttachedIsWhatIsMissing) {
  maps_.refused = {7};
  node_->set_announced(announced_web());
  attach_web();
  EXPECT_THAT(missing(), HasSubstr("no such device"));
}

TEST_F(AnnouncedTest, AnEqualSnapshotIsNoNews) {
  const uint64_t epoch = node_->view().epoch();
  node_->set_objects(objects(model::Pod(pod("prod/db", "10.0.0.2").label("app", "db")), deny_web()));
  EXPECT_FALSE(node_->view().stale());
  node_->set_objects(objects(model::Pod(pod("prod/db", "10.0.0.2").label("app", "x")),
                             model::Pod(pod("prod/db", "10.0.0.2").label("app", "db"))));
  EXPECT_TRUE(node_->view().stale()) << "there and back is not left out half";
  node_->apply();
  EXPECT_EQ(node_->view().epoch(), epoch);
  EXPECT_EQ(node_->view().compiler().cluster().pods.at({"prod", "db"}).labels.at("app"), "db");
}

}  // namespace
}  // namespace sluice::node
