// Relays and a node that follows them, over real TLS: what the node's agent is fed, and what it is when relays die, are
// strangers, slow, or away.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "agent/relay/client.h"
#include "tests/kubeapi/relay_stack.h"

namespace sluice::kubeapi {
namespace {

using model::Kind;

Json json(const std::string& text) {
  return boost::json::parse(text).as_object();
}

Json pod(const std::string& name, const std::string& node, const std::string& ip, const std::string& app) {
  return json(R"({"metadata": {"namespace": "shop", "name": ")" + name + R"(", "labels": {"app": ")" + app +
              R"("}}, "spec": {"nodeName": ")" + node + R"(", "containers": [{"name": "c"}]},
              "status": {"phase": "Running", "podIP": ")" +
              ip + R"(", "podIPs": [{"ip": ")" + ip + R"("}]}})");
}

// `peer` may reach `subject`.
Json policy(const std::string& name, const std::string& subject, const std::string& peer) {
  return json(R"({"metadata": {"namespace": "shop", "name": ")" + name +
              R"("}, "spec": {"podSelector": {"matchLabels": {"app": ")" + subject +
              R"("}}, "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": ")" + peer +
              R"("}}}]}]}})");
}

// Pods of two nodes, and what is for those of node-a.
void fill_shop(World& world) {
  for (const char* name : {"node-a", "node-b"})
    world.put(Kind::kNode, json(std::string(R"({"metadata": {"name": ")") + name + "\"}}"));
  world.put(Kind::kNamespace, json(R"({"metadata": {"name": "shop"}})"));
  world.put(Kind::kPod, pod("api", "node-a", "10.0.1.1", "api"));
  world.put(Kind::kPod, pod("web", "node-b", "10.0.2.1", "web"));
  world.put(Kind::kPod, pod("job", "node-b", "10.0.2.2", "job"));
  world.put(Kind::kNetworkPolicy, policy("api-from-web", "api", "web"));
  world.put(Kind::kNetworkPolicy, policy("job-from-web", "job", "web"));
}

class RelayTest : public testing::Test {
 protected:
  RelayTest() { fill_shop(stack_.world); }
  void TearDown() override { EXPECT_EQ(stack_.agent.broken(), ""); }

  bool has_pod(const std::string& name) const { return stack_.agent.cluster().pods.contains({"shop", name}); }
  bool has_policy() const { return stack_.agent.cluster().policies.contains({"shop", "api-from-web"}); }
  RelayStack stack_;
};

TEST_F(RelayTest, ANodeIsFedWhatItNeeds) {
  stack_.start_relay();
  stack_.agent.start();
  stack_.start_node();
  ASSERT_TRUE(stack_.run_until_equal()) << stack_.fed().not_ready();
  EXPECT_TRUE(has_pod("api") && has_pod("web") && !has_pod("job"));
  EXPECT_EQ(stack_.agent.cluster().policies.size(), 1u);
  EXPECT_TRUE(stack_.fed().by_relay());

  stack_.world.put(Kind::kNetworkPolicy, policy("api-from-job", "api", "job"));
  ASSERT_TRUE(stack_.run_until_equal());
  EXPECT_TRUE(has_pod("job"));
  stack_.world.put(Kind::kPod, pod("web", "node-b", "10.0.2.9", "web"));
  stack_.world.remove(Kind::kNetworkPolicy, {"shop", "api-from-job"});
  ASSERT_TRUE(stack_.run_until_equal());
  EXPECT_EQ(stack_.agent.snapshots(), 1u) << "changes are sent as such";
}

TEST_F(RelayTest, AReplicaThatDiesCostsNoPolicy) {
  stack_.start_relay();
  stack_.start_relay();
  stack_.agent.start();
  stack_.start_node({}, false);
  ASSERT_TRUE(stack_.run_until_equal()) << stack_.fed().not_ready();
  for (int round = 0; round < 3; ++round) {
    const size_t followed = stack_.relay(0).nodes->relay().nodes() > 0 ? 0 : 1;
    const int port = stack_.relay(followed).port;
    stack_.stop_relay(followed);
    stack_.world.put(Kind::kPod, pod("web-" + std::to_string(round), "node-b",
                                     "10.0.3." + std::to_string(round + 1), "web"));
    const uint64_t moves = stack_.fed().counts().moves;
    EXPECT_TRUE(stack_.run_until([&] {
      EXPECT_TRUE(has_policy() && has_pod("api") && has_pod("web")) << "what is in force stays in force";
      return HasFailure() || stack_.fed().counts().moves > moves;
    }));
    ASSERT_TRUE(stack_.run_until_equal()) << stack_.fed().not_ready();
    if (HasFailure()) return;
    // Another takes the place of the dead one.
    RelayStack::Running& next = stack_.start_relay(stack_.write("relay", pki().server, pki().ca), port);
    ASSERT_TRUE(stack_.run_until([&] { return next.watcher->not_ready().empty(); }));
    stack_.relay(followed) = std::move(next);
  }
  EXPECT_EQ(stack_.fed().counts().fallbacks, 0u);
}

TEST_F(RelayTest, WithoutARelayTheApiServerIsFollowedUntilThereIsOne) {
  const int port = stack_.start_relay().port;
  stack_.agent.start();
  stack_.start_node();
  ASSERT_TRUE(stack_.run_until_equal()) << stack_.fed().not_ready();
  stack_.stop_relay(0);
  EXPECT_TRUE(stack_.run_until([&] {
    EXPECT_TRUE(has_policy()) << "what is in force stays in force";
    return HasFailure() || has_pod("job");
  })) << "the whole cluster";
  EXPECT_FALSE(stack_.fed().by_relay());
  ASSERT_NE(stack_.fed().fallback(), nullptr);
  const auto says = [&](const std::string& text) {
    for (const std::string& line : stack_.agent.problems())
      if (line.find(text) != line.npos) return true;
    return stack_.fed().answer_http({"/metrics"}).body.find(text) != std::string::npos;
  };
  EXPECT_TRUE(says("sluice_watcher_source{source=\"api_server\"} 1"));

  stack_.start_relay(stack_.write("relay", pki().server, pki().ca), port);
  ASSERT_TRUE(stack_.run_until_equal()) << stack_.fed().not_ready();
  EXPECT_TRUE(stack_.fed().by_relay());
  EXPECT_EQ(stack_.fed().fallback(), nullptr);
  EXPECT_FALSE(has_pod("job"));
  EXPECT_TRUE(says("sluice_watcher_source{source=\"relay\"} 1"));
}

TEST_F(RelayTest, AnAgentThatComesBackIsFedAnew) {
  stack_.start_relay();
  stack_.agent.start();
  stack_.start_node({}, false);
  ASSERT_TRUE(stack_.run_until_equal()) << stack_.fed().not_ready();
  stack_.agent.stop(true);
  ASSERT_TRUE(stack_.run_until([&] { return stack_.relay(0).nodes->relay().nodes() == 0; }))
      << "nothing is sent while there is no agent";
  stack_.world.put(Kind::kPod, pod("web-2", "node-b", "10.0.2.7", "web"));
  stack_.agent.start();
  ASSERT_TRUE(stack_.run_until([&] { return has_pod("web-2"); }));
  EXPECT_EQ(stack_.agent.snapshots(), 2u);
}

// What a stranger is told.
class Caller {
 public:
  Caller(RelayStack& stack, const relay::TlsFiles& files, std::string node)
      : stack_(stack), client_(stack.loop(), relay::channel_credentials(files, std::chrono::seconds(1))) {
    call_.set_node(std::move(node));
  }
  // Why it was refused; "following" where it was not.
  std::string ask(const std::string& host = "127.0.0.1") {
    std::string heard;
    client_.open(host + ":" + std::to_string(stack_.relay(0).port), call_,
                 {[&](const v1::Following&) { heard = "following"; }, [](v1::Batch) {},
                  [](v1::SourceState) {}, [&](const base::Error& why) { heard = why.message(); }});
    EXPECT_TRUE(stack_.run_until([&] { return !heard.empty(); }));
    client_.close();
    return heard;
  }

 private:
  RelayStack& stack_;
  relay::RelayClient client_;
  v1::FollowRequest call_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

TEST_F(RelayTest, AStrangersCertificateIsRefusedWithALineThatSaysSo) {
  const Pki other = make_pki();
  stack_.start_relay();
  ASSERT_TRUE(stack_.run_until([&] { return stack_.relay(0).watcher->not_ready().empty(); }));
  EXPECT_EQ(Caller(stack_, stack_.write("mine", pki().node, pki().ca), "node-a").ask(), "following");

  const std::string relays = Caller(stack_, stack_.write("a", pki().node, other.ca), "node-a").ask();
  EXPECT_TRUE(contains(relays, "its certificate is not of the authority in --tls-ca")) << relays;
  const std::string nodes = Caller(stack_, stack_.write("b", other.node, pki().ca), "node-a").ask();
  EXPECT_TRUE(contains(nodes, "the relay ended the connection: is this node's certificate")) << nodes;
  const std::string name = Caller(stack_, stack_.write("c", pki().node, pki().ca), "node-a").ask("127.0.0.2");
  EXPECT_TRUE(contains(name, "has not that name")) << name;
  EXPECT_EQ(stack_.relay(0).nodes->relay().counts().followed, 1u);
}

TEST_F(RelayTest, AnotherNodesViewIsRefused) {
  stack_.start_relay();
  ASSERT_TRUE(stack_.run_until([&] { return stack_.relay(0).watcher->not_ready().empty(); }));
  for (const char* node : {"node-b", "", "node-a "}) {
    const std::string said = Caller(stack_, stack_.write("mine", pki().node, pki().ca), node).ask();
    EXPECT_TRUE(contains(said, "the certificate is that of system:node:node-a")) << said;
  }
  const std::string said = Caller(stack_, stack_.write("w", pki().client, pki().ca), "node-a").ask();
  EXPECT_TRUE(contains(said, "the certificate is that of watcher")) << said;
  EXPECT_EQ(stack_.relay(0).nodes->relay().counts().followed, 0u);
  const std::string metrics = stack_.relay(0).watcher->answer_http({"/metrics"}).body;
  EXPECT_TRUE(contains(metrics, "\nsluice_watcher_relay_others_certificates_total 4\n")) << metrics;
}

TEST_F(RelayTest, CertificatesAreReplacedWhileItRuns) {
  const Pki next = make_pki();
  stack_.start_relay();
  ASSERT_TRUE(stack_.run_until([&] { return stack_.relay(0).watcher->not_ready().empty(); }));
  const auto files = stack_.write("node", pki().node, pki().ca);
  Caller node(stack_, files, "node-a");
  EXPECT_EQ(node.ask(), "following");
  stack_.write("relay", next.server, next.ca);
  stack_.write("node", next.node, next.ca);
  std::string heard;
  EXPECT_TRUE(stack_.run_until([&] {
    heard = node.ask();
    return heard == "following" &&
           Caller(stack_, stack_.write("old", pki().node, pki().ca), "node-a").ask() != "following";
  })) << heard;
}

TEST_F(RelayTest, ASlowNodeCostsBoundedMemoryAndIsCutOff) {
  stack_.limits.waiting = 50;
  stack_.limits.stalled = std::chrono::milliseconds(500);
  stack_.start_relay();
  // More than gRPC and sockets hold for a node that reads nothing.
  const std::string label = "\"long-" + std::string(50, 'x') + "-";
  std::string labels;
  for (int i = 0; i < 40; ++i) labels += label + std::to_string(i) + "\": \"" + std::string(60, 'y') + "\", ";
  const auto large = [&](int i, const std::string& ip) {
    Json made = pod("web-" + std::to_string(i), "node-b", ip, "web");
    Json more = json("{" + labels + "\"app\": \"web\"}");
    made.at("metadata").as_object()["labels"] = std::move(more);
    return made;
  };
  for (int i = 0; i < 4'000; ++i)
    stack_.world.put(Kind::kPod, large(i, "10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250)));
  ASSERT_TRUE(stack_.run_until([&] { return stack_.relay(0).watcher->not_ready().empty(); },
                               std::chrono::seconds(60)));  // 20 MB, read under the sanitizers
  relay::RelayClient client(stack_.loop(),
                            relay::channel_credentials(stack_.write("n", pki().node, pki().ca)));
  v1::FollowRequest request;
  request.set_node("node-a");
  bool following = false;  // and nothing is read after that
  client.open("127.0.0.1:" + std::to_string(stack_.relay(0).port), request,
              {[&](const v1::Following&) { following = true; }, [](v1::Batch) {}, [](v1::SourceState) {},
               [](const base::Error&) {}});
  ASSERT_TRUE(stack_.run_until([&] { return following; }));
  size_t most = 0;
  const relay::Relay& relay = stack_.relay(0).nodes->relay();
  for (int round = 0; round < 40 && relay.nodes() > 0; ++round) {
    for (int i = 0; i < 100; ++i)
      stack_.world.put(Kind::kPod, pod("web-" + std::to_string(i), "node-b",
                                       "10.2." + std::to_string(round) + "." + std::to_string(i), "web"));
    stack_.run_for(std::chrono::milliseconds(50));
    most = std::max(most, relay.waiting());
  }
  EXPECT_LE(most, 50u);
  EXPECT_TRUE(stack_.run_until([&] { return relay.counts().cut_off == 1 && relay.nodes() == 0; }))
      << relay.counts().batches << " batches";
}

}  // namespace
}  // namespace sluice::kubeapi
