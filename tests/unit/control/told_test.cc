// Told endpoints: what is read of them, what they add to what was found, to whom they lend an address, and
// what a Node makes of them before and after the Pod object comes.
#include "agent/control/told.h"

#include <filesystem>
#include <fstream>

#include "agent/control/told_file.h"
#include "agent/control/told_replies.h"
#include "tests/unit/control/node_fixture.h"

namespace sluice::control {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kUid[] = "11111111-2222-3333-4444-555555555555",
               kOtherUid[] = "66666666-2222-3333-4444-555555555555";
constexpr char kStaticUid[] = "0123456789abcdef0123456789abcdef";

v1::AddEndpointRequest request(const std::string& uid = kUid) {
  v1::AddEndpointRequest request;
  request.set_container_id("c1");
  request.set_interface_name("eth0");
  request.set_namespace_("prod");
  request.set_pod("web");
  request.set_uid(uid);
  request.set_netns("/run/netns/cni-1");
  request.set_host_interface("veth7");
  request.add_addresses("10.0.0.1");
  return request;
}
Told told_of(const v1::AddEndpointRequest& request) {
  auto read = read_told(request).value();
  return {{read.key, read.endpoint}};
}
Told told_web(const std::string& uid = kUid) {
  return told_of(request(uid));
}

struct WrongRequest {
  const char* name;
  std::function<void(v1::AddEndpointRequest&)> spoil;
  const char* error;
};
class ToldRefuses : public ::testing::TestWithParam<WrongRequest> {};
TEST_P(ToldRefuses, NamesTheField) {
  auto spoilt = request();
  GetParam().spoil(spoilt);
  const auto read = read_told(spoilt);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message(), ::testing::StartsWith(GetParam().error));
}
INSTANTIATE_TEST_SUITE_P(
    Rows, ToldRefuses,
    ::testing::Values(
        WrongRequest{"no_container", [](auto& r) { r.clear_container_id(); }, "container_id: is missing"},
        WrongRequest{"no_interface", [](auto& r) { r.clear_interface_name(); }, "interface_name: is missing"},
        WrongRequest{"no_namespace", [](auto& r) { r.clear_namespace_(); }, "namespace: is missing"},
        WrongRequest{"bad_namespace", [](auto& r) { r.set_namespace_("a/b"); }, "namespace: \"a/b\" is not"},
        WrongRequest{"no_pod", [](auto& r) { r.clear_pod(); }, "pod: is missing"},
        WrongRequest{"bad_pod", [](auto& r) { r.set_pod("A"); }, "pod: \"A\" is not"},
        WrongRequest{"no_host_interface", [](auto& r) { r.clear_host_interface(); },
                     "host_interface: is missing"},
        WrongRequest{"long_host_interface", [](auto& r) { r.set_host_interface("a123456789012345"); },
                     "host_interface: \"a123456789012345\" is longer than 15 bytes"},
        WrongRequest{"great_ifindex", [](auto& r) { r.set_host_ifindex(0x80000000); }, "host_ifindex: is no"},
        WrongRequest{"no_address", [](auto& r) { r.clear_addresses(); }, "addresses: is empty"},
        WrongRequest{"bad_address", [](auto& r) { r.set_addresses(0, "10.0.0"); }, "addresses: "},
        WrongRequest{"long_uid", [](auto& r) { r.set_uid(std::string(5000, 'x')); }, "uid: "}),
    [](const auto& row) { return row.param.name; });

TEST(Told, AddressesAreReadWithAndWithoutALength) {
  auto both = request();
  both.add_addresses("fd00::1/64");
  both.add_addresses("10.0.0.1/24");
  EXPECT_THAT(read_told(both).value().endpoint.addresses, ElementsAre(ip("10.0.0.1"), ip("fd00::1")));
}

struct Meant {
  const char* told;
  const char* object;
  bool same;
};
TEST(Told, TheUidTellsPodsOfOneNameApart) {
  for (const auto& [told, object, same] :
       {Meant{kUid, kUid, true}, Meant{kUid, kOtherUid, false}, Meant{"", kUid, true}, Meant{kUid, "", true},
        Meant{kStaticUid, kUid, true}}) {
    model::Pod web = pod("prod/web", "10.0.0.1");
    web.uid = object;
    EXPECT_EQ(told_web(told).begin()->second.means(web), same) << told << " and " << object;
  }
}

TEST(Told, TheFileComesBackAndSpoiltLinesAreLeftOut) {
  char pattern[] = "/tmp/sluice-told-XXXXXX";
  const std::string directory = ::mkdtemp(pattern);
  const std::string path = told_file(directory + "/sluice.sock");
  EXPECT_TRUE(read_told_file(path).value().told.empty());
  Told two = told_web();
  two.begin()->second.host_ifindex = 7;
  two.insert_or_assign({"c2", "eth0"}, two.begin()->second);
  ASSERT_TRUE(write_told_file(path, two).ok());
  EXPECT_EQ(read_told_file(path).value().told, two);
  std::ofstream(path, std::ios::app) << "{\"containerId\":\"c3\"}\nnothing\n";
  const auto spoilt = read_told_file(path).value();
  EXPECT_EQ(spoilt.told, two);
  ASSERT_EQ(spoilt.problems.size(), 2u);
  EXPECT_THAT(spoilt.problems[0], HasSubstr("line 3: interface_name: is missing"));
  EXPECT_FALSE(write_told_file(directory + "/none/x", two).ok());
  EXPECT_TRUE(remove_told_file(path).ok());
  EXPECT_TRUE(remove_told_file(path).ok()) << "gone already";
  EXPECT_TRUE(read_told_file(path).value().told.empty());
  std::filesystem::remove_all(directory);
}

ToldRequest told_in(const char* container, const char* interface, const char* host, const std::string& uid) {
  auto told = request(uid);
  told.set_container_id(container);
  told.set_interface_name(interface);
  told.set_host_interface(host);
  return read_told(told).value();
}
// What of c1, whose eth0 is prod/web's and veth7, is still there after another is told of.
struct Replacing {
  const char* says;
  ToldRequest fresh;
  bool stays;
};
TEST(Told, ALaterOneReplacesWhoHadItsInterface) {
  for (const auto& [says, fresh, stays] :
       {Replacing{"the same again", told_in("c1", "eth0", "veth7", kUid), true},
        Replacing{"another sandbox, its host interface is named by the pod",
                  told_in("c2", "eth0", "veth7", kOtherUid), false},
        Replacing{"another sandbox of the pod", told_in("c2", "eth0", "veth8", kUid), false},
        Replacing{"another pod", told_in("c2", "eth0", "veth8", kOtherUid), true},
        Replacing{"another interface of it", told_in("c1", "net1", "veth8", kUid), true},
        Replacing{"uids that nobody told", told_in("c2", "eth0", "veth8", ""), true}}) {
    Told told = told_web(fresh.endpoint.uid.empty() ? "" : kUid);
    tell(told, fresh);
    EXPECT_EQ(told.contains({"c1", "eth0"}), stays) << says;
    EXPECT_EQ(told.at(fresh.key), fresh.endpoint) << says;
  }
}

TEST(Told, AnotherInterfaceOfItsNameIsNotMeant) {
  endpoint::Discovery here;
  here.host_interfaces = {{7, "veth7"}, {8, "veth8"}};
  Told told = told_web();
  auto& web = told.begin()->second;
  EXPECT_EQ(interface_of(here, web), 7u) << "by its name alone";
  web.host_ifindex = 7;
  EXPECT_EQ(interface_of(here, web), 7u);
  here.host_interfaces = {{8, "veth8"}, {9, "veth7"}};
  EXPECT_EQ(interface_of(here, web), 0u);
  EXPECT_THAT(with_told(here, told).found, IsEmpty());
  EXPECT_THAT(told_interfaces(here, told), IsEmpty());
  here.host_interfaces = {{7, "veth8"}};
  EXPECT_EQ(interface_of(here, web), 0u);
}

class LendingTest : public ::testing::Test {
 protected:
  // The addresses that the Node takes the object for.
  std::vector<net::Ip> lent(const model::Pod& pod) {
    const auto change = lending_.lend(model::Change::upsert(pod));
    return std::get<model::Pod>(std::get<0>(change.what)).ips;
  }
  std::vector<net::Ip> after(const Told& told) {
    const auto changes = lending_.take_told(told);
    return changes.size() == 1 ? std::get<model::Pod>(std::get<0>(changes[0].what)).ips
                               : std::vector<net::Ip>{};
  }
  static model::Pod web(std::vector<net::Ip> ips) {
    model::Pod web = pod("prod/web");
    web.uid = kUid;
    web.node_name = "n1";
    web.phase = model::PodPhase::kPending;
    web.ips = std::move(ips);
    return web;
  }
  Lending lending_{"n1"};
};

TEST_F(LendingTest, ThePodObjectComesAfter) {
  EXPECT_THAT(lending_.take_told(told_web()), IsEmpty());
  EXPECT_THAT(lent(web({})), ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(lent(web({ip("10.0.0.1")})), ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(after({}), IsEmpty()) << "it has its own by now";
}

TEST_F(LendingTest, ThePodObjectCameBefore) {
  EXPECT_THAT(lent(web({})), IsEmpty());
  EXPECT_THAT(after(told_web()), ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(lending_.take_told(told_web()), IsEmpty()) << "told again, nothing changes";
  const auto back = lending_.take_told({});
  ASSERT_EQ(back.size(), 1u);
  EXPECT_THAT(std::get<model::Pod>(std::get<0>(back[0].what)).ips, IsEmpty());
}

TEST_F(LendingTest, ANewSandboxHasItsNewAddress) {
  EXPECT_THAT(lent(web({ip("10.0.0.9")})), ElementsAre(ip("10.0.0.9")));
  EXPECT_THAT(after(told_web()), ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(lent(web({ip("10.0.0.1"), ip("fd00::1")})), ElementsAre(ip("10.0.0.1"), ip("fd00::1")));
}

TEST_F(LendingTest, NobodyElseIsLentTo) {
  (void)lending_.take_told(told_web());
  model::Pod other = web({}), elsewhere = web({}), finished = web({}), host = web({}), before = web({});
  other.name.name = "db";
  elsewhere.node_name = "n2";
  finished.phase = model::PodPhase::kSucceeded;
  host.host_network = true;
  before.uid = kOtherUid;
  for (const auto& pod : {other, elsewhere, finished, host, before}) EXPECT_THAT(lent(pod), IsEmpty());
  (void)lending_.lend(model::Change::remove({model::Kind::kPod, {"prod", "web"}}));
  EXPECT_THAT(lending_.take_told({}), IsEmpty());
}

// A node that knows db and the policy, whose machine has veth7 for the pod to come; told of nothing yet.
class ToldNodeTest : public NodeTest {
 protected:
  void SetUp() override {
    node_ = make_node();
    node_->take_objects(objects(model::Pod(pod("prod/db", "10.0.0.2").label("app", "db")), deny_web()));
    node_->take_discovery(discovery({found("b", 8, "10.0.0.2")}, {7}));
    node_->take_node_addresses({ip("192.168.0.1")});
    node_->apply();
  }
  static model::Pod web(std::vector<net::Ip> ips = {}) {
    model::Pod web = pod("prod/web").label("app", "web");
    web.uid = kUid;
    web.node_name = "n1";
    web.ips = std::move(ips);
    return web;
  }
  void attach_web() { node_->attach_told(told_web().begin()->second); }
  std::string missing() const { return missing_of(*node_, told_web().begin()->second, ""); }
  std::unique_ptr<Node> node_;
};

TEST_F(ToldNodeTest, AToldInterfaceIsClosedUntilItsPodIsKnown) {
  EXPECT_THAT(maps_.attached, ElementsAre(8u));
  node_->take_told(told_web());
  attach_web();
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u)) << "before anything is compiled";
  node_->apply();
  EXPECT_EQ(endpoint_at(*node_, 7), "none");
  EXPECT_EQ(missing(), "no Pod object prod/web of uid 11111111-2222-3333-4444-555555555555 is known yet");
  node_->take_objects(objects(web()));
  EXPECT_EQ(node_->apply(), Applied::kInForce);
  EXPECT_EQ(endpoint_at(*node_, 7), "prod/web");
  EXPECT_EQ(missing(), "");
  const AgentFacts facts{"", "", "", true, false};
  EXPECT_EQ(added_reply(*node_, facts, told_web().begin()->second).ingress(), "isolated");
  EXPECT_EQ(node_->pod_of(ip("10.0.0.1")), "prod/web") << "others know it by the told address";
}

TEST_F(ToldNodeTest, ThePodObjectMayComeBefore) {
  node_->take_objects(objects(web()));
  node_->apply();
  node_->take_told(told_web());
  EXPECT_EQ(node_->apply(), Applied::kInForce);
  EXPECT_EQ(endpoint_at(*node_, 7), "prod/web");
  const uint64_t epoch = node_->epoch();
  node_->take_objects(objects(web({ip("10.0.0.1")})));
  EXPECT_EQ(node_->apply(), Applied::kNothingToDo) << "its own address is the told one";
  EXPECT_EQ(node_->epoch(), epoch);
}

TEST_F(ToldNodeTest, APodOfThatNameBeforeItIsAnother) {
  model::Pod before = web({ip("10.0.0.9")});
  before.uid = kOtherUid;
  node_->take_objects(objects(before));
  node_->take_told(told_web());
  node_->apply();
  EXPECT_EQ(endpoint_at(*node_, 7), "none");
  EXPECT_TRUE(maps_.attached.contains(7));
  EXPECT_THAT(missing(), HasSubstr("is known yet, only one of another uid"));
}

// A Job's pod keeps its address in the API when it is done, and the address is handed out again.
TEST_F(ToldNodeTest, AnAddressOfAFinishedPodBeforeItDoesNotOpenIt) {
  model::Pod job = pod("prod/job", "10.0.0.1");
  job.phase = model::PodPhase::kSucceeded;
  node_->take_objects(objects(job));
  node_->apply();
  node_->take_told(told_web());
  attach_web();
  EXPECT_EQ(node_->apply(), Applied::kNothingToDo);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
  EXPECT_THAT(node_->warnings(),
              Contains("namespace cni-1: only a finished pod has its address 10.0.0.1, but a CNI plugin told "
                       "of it: the default verdict holds, as for a pod that is not known yet, on interface "
                       "veth7"));
  node_->take_objects(objects(web()));
  EXPECT_EQ(node_->apply(), Applied::kInForce);
  EXPECT_EQ(endpoint_at(*node_, 7), "prod/web");
}

TEST_F(ToldNodeTest, TakenBackItStaysClosedWhileTheInterfaceIsThere) {
  node_->take_objects(objects(web()));
  node_->take_told(told_web());
  node_->apply();
  node_->take_told({});
  node_->apply();
  EXPECT_EQ(endpoint_at(*node_, 7), "none");
  EXPECT_TRUE(maps_.attached.contains(7));
  node_->take_discovery(discovery({found("b", 8, "10.0.0.2")}));
  node_->apply();
  EXPECT_THAT(maps_.attached, ElementsAre(8u));
}

TEST_F(ToldNodeTest, BeforeTheFirstSnapshotItIsClosedAllTheSame) {
  node_ = make_node();
  ObjectNews waiting;
  waiting.complete = false;
  waiting.problems = {"waiting for the first snapshot: no feeder has come"};
  node_->take_objects(waiting);
  node_->take_discovery(discovery({found("b", 8, "10.0.0.2")}, {7}));
  node_->take_node_addresses({});
  maps_.attached.clear();
  node_->take_told(told_web());
  attach_web();
  EXPECT_EQ(node_->apply(), Applied::kNothingToDo);
  EXPECT_THAT(maps_.attached, ElementsAre(7u));
  EXPECT_EQ(missing(), "waiting for the first snapshot: no feeder has come");
  EXPECT_EQ(node_->why_not_ready(), "waiting for the first snapshot: no feeder has come");
}

// A new agent, perhaps with maps of another layout, which are empty: what the programs there enforce stays as
// it is until the first state. What has none is closed: it was told of, and nobody let it go.
TEST_F(ToldNodeTest, AtTheStartOnlyWhatCarriesNoProgramsIsClosedBeforeTheFirstState) {
  auto other = request();
  other.set_container_id("c2");
  other.set_host_interface("veth9");
  Told both = told_web();
  both.merge(told_of(other));
  maps_.attached = {7, 8};
  node_ = make_node();
  node_->take_discovery(discovery({found("b", 8, "10.0.0.2")}, {7, 9}));
  node_->take_node_addresses({});
  node_->take_told(both);
  const int attaches = maps_.attaches;
  node_->attach_told_without_programs();
  EXPECT_EQ(node_->apply(), Applied::kNothingToDo);
  EXPECT_EQ(maps_.attaches, attaches + 1);
  EXPECT_THAT(node_->attached(), ElementsAre(9u));
  EXPECT_EQ(missing(), "no state in force yet");
  node_->take_objects(objects(web({ip("10.0.0.1")}), deny_web()));
  node_->apply();
  EXPECT_THAT(node_->attached(), ElementsAre(7u, 8u, 9u)) << "after the flip";
  EXPECT_EQ(missing(), "");
}

TEST_F(ToldNodeTest, ToldAgainItIsAttachedAgain) {
  node_->take_objects(objects(web()));
  node_->take_told(told_web());
  node_->apply();
  maps_.attached.erase(7);  // the interface went, and this one has its name and number
  attach_web();
  EXPECT_TRUE(maps_.attached.contains(7));
  maps_.refused = {7};
  attach_web();
  node_->apply();
  EXPECT_THAT(missing(), HasSubstr("no such device"));
}

TEST_F(ToldNodeTest, AnInterfaceThatCannotBeAttachedIsWhatIsMissing) {
  maps_.refused = {7};
  node_->take_told(told_web());
  attach_web();
  EXPECT_THAT(missing(), HasSubstr("no such device"));
}

TEST_F(ToldNodeTest, AnEqualSnapshotIsNoNews) {
  const uint64_t epoch = node_->epoch();
  node_->take_objects(objects(model::Pod(pod("prod/db", "10.0.0.2").label("app", "db")), deny_web()));
  EXPECT_FALSE(node_->stale());
  node_->take_objects(objects(model::Pod(pod("prod/db", "10.0.0.2").label("app", "x")),
                              model::Pod(pod("prod/db", "10.0.0.2").label("app", "db"))));
  EXPECT_TRUE(node_->stale()) << "there and back is not left out half";
  node_->apply();
  EXPECT_EQ(node_->epoch(), epoch);
  EXPECT_EQ(node_->compiler().cluster().pods.at({"prod", "db"}).labels.at("app"), "db");
}

}  // namespace
}  // namespace sluice::control
