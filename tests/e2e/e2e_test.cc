// End to end: from the API server to the packet, with relays between and without. What a pod's policies forbid never
// passes, from its first packet on, and whatever dies and comes back meanwhile.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <random>

#include "tests/e2e/cluster.h"
#include "tests/e2e/traffic.h"
#include "tests/live/sandbox.h"
#include "tests/live/stream.h"

namespace sluice::e2e {
namespace {

using std::chrono::steady_clock;

const auto* const kSandbox = ::testing::AddGlobalTestEnvironment(new live::SandboxEnvironment);

constexpr uint16_t kOpen = 8080, kClosed = 9000, kOut = 9999;
constexpr std::chrono::seconds kPatience{90};  // a watcher that was turned away often asks again after 30 s

bool eventually(const std::function<bool()>& holds) {
  const auto deadline = steady_clock::now() + kPatience;
  while (!holds()) {
    if (steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 2);  // others need the processors
  }
  return true;
}

net::Ip one_after(const net::Ip& ip) {
  std::array<uint8_t, 4> bytes{};
  std::copy(ip.bytes().begin(), ip.bytes().end(), bytes.begin());
  ++bytes.back();
  return net::Ip::from_bytes(bytes).value();
}

class EndToEnd : public ::testing::TestWithParam<Follows> {
 protected:
  void SetUp() override {
    ASSERT_EQ(::access("/usr/lib/cni/ptp", X_OK), 0)
        << "install containernetworking-plugins (deploy/install-deps.sh)";
    cluster_.emplace(GetParam(), script());
    if (has_relays())
      for (size_t relay = 0; relay < kRelays; ++relay) cluster_->start_relay(relay);
    cluster_->start_agent();
    cluster_->start_watcher();
    ASSERT_TRUE(Cluster::install());
    ASSERT_TRUE(Cluster::sync());
  }
  void TearDown() override {
    pods_.clear();
    cluster_.reset();
  }

  virtual kubeapi::Script script() { return {}; }
  static bool has_relays() { return GetParam() == Follows::kRelays; }

  // A pod that runs.
  Pod& pod(const std::string& name, const Labels& labels) {
    Pod& made = *pods_.emplace_back(std::make_unique<Pod>(*cluster_, name, labels));
    made.schedule();
    EXPECT_EQ(made.add(), "") << name;
    made.run();
    return made;
  }

  std::optional<Cluster> cluster_;
  std::vector<std::unique_ptr<Pod>> pods_;
};

std::string name_of(const ::testing::TestParamInfo<Follows>& info) {
  return info.param == Follows::kRelays ? "WithRelays" : "OfTheApiServer";
}
INSTANTIATE_TEST_SUITE_P(Of, EndToEnd, ::testing::Values(Follows::kApiServer, Follows::kRelays), name_of);

// Pods labelled app=guarded take UDP 8080 from app=friend and nothing else, and send nothing.
constexpr char kGuarded[] = R"({"podSelector": {"matchLabels": {"app": "guarded"}},
  "policyTypes": ["Ingress", "Egress"],
  "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "friend"}}}],
               "ports": [{"protocol": "UDP", "port": 8080}]}]})";

// Between the plugin that makes the interface and the last one a pod has no programs for some milliseconds:
// its own kernel drops everything meanwhile (docs/cni.md, "From the first packet"). What answers by itself, a
// port that nobody listens on, is told by what leaves.
TEST_P(EndToEnd, NoForbiddenPacketFromThePodsFirstOneOn) {
  const int pods = has_relays() ? 25 : 200;
  cluster_->put_policy("guarded", kGuarded);
  Pod& unknown_one = pod("stranger", {{"app", "stranger"}});
  Pod& kin = pod("friend", {{"app", "friend"}});
  ASSERT_TRUE(Cluster::sync());
  Capture outside(unknown_one.netns());
  ASSERT_TRUE(outside.sound());
  auto next = kin.ip();  // host-local gives them out in turn
  for (int i = 0; i < pods; ++i) {
    next = one_after(next);
    Pod fresh(*cluster_, "guarded-" + std::to_string(i), {{"app", "guarded"}});
    Capture inside(fresh.netns(), Where::kSockets);
    ASSERT_TRUE(inside.sound());
    const Hammer forbidden(unknown_one.netns(), next, kClosed);
    const Hammer allowed(kin.netns(), next, kOpen);
    const Hammer leaving(fresh.netns(), unknown_one.ip(), kOut);
    std::thread scheduler;
    if (i % 2 == 0)
      fresh.schedule();
    else
      scheduler = std::thread([&] { fresh.schedule(); });  // the API may know the labels later
    const std::string failed = fresh.add();
    if (scheduler.joinable()) scheduler.join();
    ASSERT_EQ(failed, "") << "pod " << i;
    ASSERT_EQ(fresh.ip(), next) << "the wrong address was hammered";
    fresh.run();
    EXPECT_TRUE(eventually([&] { return inside.arrived(kin.ip(), kOpen) > 0; })) << "pod " << i;
    EXPECT_GT(forbidden.sent(), 0U);
    EXPECT_EQ(inside.arrived(unknown_one.ip(), kClosed), 0U) << "pod " << i;
    EXPECT_EQ(outside.arrived_from(fresh.ip()), 0U) << "pod " << i;
    EXPECT_EQ(outside.lost(), 0U);
    if (HasFailure()) return;
  }
}

// A policy of Cilium at the API server, down to the packet (--accept-cilium): who may, and once it is gone everyone.
TEST_P(EndToEnd, APolicyOfCiliumIsInForceAsItComesAndGoes) {
  Pod& guarded = pod("guarded", {{"app", "guarded"}});
  Pod& kin = pod("friend", {{"app", "friend"}});
  Pod& unknown_one = pod("stranger", {{"app", "stranger"}});
  const auto answers = [](int code) {
    return eventually([&] {
      return live::run({SLUICECTL, "check", "--from", "shop/stranger", "--to", "shop/guarded", "--port",
                        "8080", "--protocol", "UDP"}) == code;
    });
  };
  ASSERT_TRUE(answers(0));
  cluster_->world.put(kubeapi::kCiliumPolicy,
                      json_of(R"({"metadata": {"namespace": "shop", "name": "guarded"}, "spec": {
    "endpointSelector": {"matchLabels": {"app": "guarded"}},
    "ingress": [{"fromEndpoints": [{"matchLabels": {"app": "friend"}}],
                 "toPorts": [{"ports": [{"port": "8080", "protocol": "UDP"}]}]}]}})"));
  ASSERT_TRUE(answers(3));
  ASSERT_TRUE(Cluster::sync());
  Capture inside(guarded.netns(), Where::kSockets);
  ASSERT_TRUE(inside.sound());
  const Hammer forbidden(unknown_one.netns(), guarded.ip(), kOpen);
  const Hammer allowed(kin.netns(), guarded.ip(), kOpen);
  EXPECT_TRUE(eventually([&] { return inside.arrived(kin.ip(), kOpen) > 0 && forbidden.sent() > 0; }));
  EXPECT_EQ(inside.arrived(unknown_one.ip(), kOpen), 0U);
  cluster_->world.remove(kubeapi::kCiliumPolicy, {"shop", "guarded"});
  EXPECT_TRUE(eventually([&] { return inside.arrived(unknown_one.ip(), kOpen) > 0; }));
}

// Pods labelled app=guarded are not to be reached, by a ClusterNetworkPolicy.
kubeapi::Json shut() {
  return json_of(R"({"apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy",
    "metadata": {"name": "shut"}, "spec": {"tier": "Admin", "priority": 10,
      "subject": {"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "guarded"}}}},
      "ingress": [{"action": "Deny", "from": [{"pods": {"namespaceSelector": {},
                   "podSelector": {"matchLabels": {"app": "stranger"}}}}]}]}})");
}

// The definition of ClusterNetworkPolicies comes, is upgraded and goes, while everything runs (semantics 41).
class Definition : public EndToEnd {
 protected:
  kubeapi::Script script() override {
    return [this](const kubeapi::Asked& asked) {
      return !served_ && asked.kind == model::Kind::kClusterNetworkPolicy ? kubeapi::Fault::kNotFound
                                                                          : kubeapi::Fault::kNone;
    };
  }
  std::atomic<bool> served_ = false;
};
INSTANTIATE_TEST_SUITE_P(Of, Definition, ::testing::Values(Follows::kApiServer, Follows::kRelays), name_of);

TEST_P(Definition, ComesIsUpgradedAndGoesWithoutALostPacketOrAnOpenOne) {
  constexpr int kUpgrades = 10, kBeatMilliseconds = 5000;
  Pod& guarded = pod("guarded", {{"app", "guarded"}});
  Pod& kin = pod("friend", {{"app", "friend"}});
  Pod& unknown_one = pod("stranger", {{"app", "stranger"}});
  ASSERT_TRUE(Cluster::sync());
  auto stream = live::Stream::open(kin.netns(), guarded.netns(), guarded.ip(), kOpen);
  ASSERT_TRUE(stream) << stream.error().message();
  Capture inside(guarded.netns(), Where::kSockets);
  const Hammer stranger(unknown_one.netns(), guarded.ip(), kOut);
  const auto arrives = [&] {
    const uint64_t before = inside.arrived(unknown_one.ip(), kOut);
    return eventually([&] { return inside.arrived(unknown_one.ip(), kOut) > before; });
  };
  EXPECT_TRUE(arrives());

  cluster_->world.put(model::Kind::kClusterNetworkPolicy, shut());
  served_ = true;
  const auto is_denied = [&] {
    return live::run({SLUICECTL, "check", "--from", "shop/stranger", "--to", "shop/guarded", "--port", "9999",
                      "--protocol", "UDP"}) == 3;
  };
  ASSERT_TRUE(eventually(is_denied)) << "installed";
  ASSERT_TRUE(Cluster::sync());
  const uint64_t passed = inside.arrived(unknown_one.ip(), kOut);
  // An upgrade ends every watch of the resource, and what was listed before is of a version that is forgotten.
  for (int upgrade = 0; upgrade < kUpgrades; ++upgrade) {
    SCOPED_TRACE("upgrade " + std::to_string(upgrade));
    const size_t asked = cluster_->api.asked().size();
    if (upgrade % 2 == 1) served_ = false;  // for a moment there is none
    cluster_->world.compact();
    cluster_->api.drop_connections();
    EXPECT_TRUE(eventually([&] { return cluster_->api.asked().size() > asked + std::size(model::kKinds); }));
    EXPECT_TRUE(stream->beat(kBeatMilliseconds));
    served_ = true;
    EXPECT_TRUE(is_denied());
    kubeapi::Json next = shut();
    next["metadata"].as_object()["labels"] = kubeapi::Json{{"upgrade", std::to_string(upgrade)}};
    cluster_->world.put(model::Kind::kClusterNetworkPolicy, std::move(next));
    EXPECT_TRUE(stream->beat(kBeatMilliseconds));
    if (HasFailure()) return;
  }
  EXPECT_EQ(inside.arrived(unknown_one.ip(), kOut), passed) << "never open meanwhile";

  cluster_->world.remove(model::Kind::kClusterNetworkPolicy, {"", "shut"});
  EXPECT_TRUE(arrives()) << "its objects go before it";
  served_ = false;
  cluster_->api.drop_connections();
  EXPECT_TRUE(stream->beat(kBeatMilliseconds));
  EXPECT_TRUE(arrives());
}

// Pods labelled app=web take TCP and UDP 8080 from app=friend, and from app=other where that is open.
std::string web(bool open) {
  const std::string other = open ? R"(, {"podSelector": {"matchLabels": {"app": "other"}}})" : "";
  return R"({"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"], "ingress": [{
    "from": [{"podSelector": {"matchLabels": {"app": "friend"}}})" +
         other + R"(], "ports": [{"protocol": "TCP", "port": 8080}, {"protocol": "UDP", "port": 8080}]}]})";
}

class Deaths : public EndToEnd {
 protected:
  void SetUp() override {
    EndToEnd::SetUp();
    if (HasFatalFailure()) return;
    cluster_->put_policy("web", web(open_));
    cluster_->put_policy("vault", R"({"podSelector": {"matchLabels": {"app": "vault"}}})");
    for (const char* name : {"web", "vault", "friend", "other", "stranger"}) pod(name, {{"app", name}});
    ASSERT_TRUE(Cluster::sync());
  }
  Pod& named(const std::string& name) {
    return **std::find_if(pods_.begin(), pods_.end(), [&](const auto& pod) { return pod->name() == name; });
  }
  // What the agent says, once it is there and knows.
  bool is_known(bool open) {
    return live::run({SLUICECTL, "check", "--from", "shop/other", "--to", "shop/web", "--port", "8080", "-o",
                      "json"}) == (open ? 0 : 3);
  }
  // What really passes: a datagram of `other`, and one of `friend` after it on the same way.
  ::testing::AssertionResult passes(Capture& at_web, bool open) {
    const uint64_t others = at_web.arrived(named("other").ip(), kOpen);
    const uint64_t friends = at_web.arrived(named("friend").ip(), kOpen);
    if (!send_one(named("other").netns(), named("web").ip(), kOpen) ||
        !send_one(named("friend").netns(), named("web").ip(), kOpen))
      return ::testing::AssertionFailure() << "a datagram could not be sent";
    if (!eventually([&] { return at_web.arrived(named("friend").ip(), kOpen) > friends; }))
      return ::testing::AssertionFailure() << "what is allowed did not arrive";
    if ((at_web.arrived(named("other").ip(), kOpen) > others) == open) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure()
           << (open ? "what is allowed did not arrive" : "what is forbidden did");
  }
  // The policy changes before, while or after somebody is dead.
  void change_and_kill() {
    const int when = below(3), who = below(has_relays() ? 5 : 3);
    const bool agent_dies = who == 0 || who == 2, watcher_dies = who == 1 || who == 2;
    // One relay, which the node may be following, or all of them.
    const size_t first_relay = has_relays() && who == 3 ? static_cast<size_t>(below(kRelays)) : 0;
    const size_t end_of_relays = who < 3 ? 0 : who == 3 ? first_relay + 1 : kRelays;
    open_ = below(2) == 0;
    if (when == 0) cluster_->put_policy("web", web(open_));
    if (watcher_dies) cluster_->watcher().end(SIGKILL);
    if (agent_dies) cluster_->agent().end(SIGKILL);
    for (size_t relay = first_relay; relay < end_of_relays; ++relay) cluster_->relay(relay).end(SIGKILL);
    if (when == 1) cluster_->put_policy("web", web(open_));
    for (size_t relay = first_relay; relay < end_of_relays; ++relay) cluster_->start_relay(relay);
    if (agent_dies) cluster_->start_agent();
    if (watcher_dies) cluster_->start_watcher();
    if (when == 2) cluster_->put_policy("web", web(open_));
  }
  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

  bool open_ = false;
  std::mt19937 random_{20261121};
};

INSTANTIATE_TEST_SUITE_P(Of, Deaths, ::testing::Values(Follows::kApiServer, Follows::kRelays), name_of);

TEST_P(Deaths, EndInTheRightStateWithNothingBrokenOrLeaked) {
  constexpr int kBeatMilliseconds = 5000;
  const int deaths = has_relays() ? 25 : 100;
  auto stream = live::Stream::open(named("friend").netns(), named("web").netns(), named("web").ip(), kOpen);
  ASSERT_TRUE(stream) << stream.error().message();
  Capture at_web(named("web").netns()), at_vault(named("vault").netns());
  const Hammer forbidden(named("stranger").netns(), named("vault").ip(), kClosed);
  for (int i = 0; i < deaths; ++i) {
    SCOPED_TRACE("death " + std::to_string(i));
    change_and_kill();
    EXPECT_TRUE(stream->beat(kBeatMilliseconds)) << "while somebody is dead";
    ASSERT_TRUE(eventually([&] { return is_known(open_); })) << "the state after is not " << open_;
    EXPECT_TRUE(passes(at_web, open_));
    EXPECT_TRUE(stream->beat(kBeatMilliseconds));
    EXPECT_EQ(at_vault.arrived_at(kClosed), 0U);
    EXPECT_EQ(at_vault.lost(), 0U);
    if (HasFailure()) return;
  }
  EXPECT_GT(forbidden.sent(), 0U);
}

}  // namespace
}  // namespace sluice::e2e
