// Interfaces whose pods nobody knows of, while an agent waits for its first snapshot and later: --new-interfaces.
#include <sys/socket.h>

#include "tests/live/live_fixture.h"
#include "tests/live/pod_netns.h"
#include "tests/live/track.h"

namespace sluice::live {
namespace {

constexpr char kHeldApi[] = "10.244.1.31";

class LiveHold : public Live {
 protected:
  void world() {
    fs::remove_all(kManifests);
    fs::create_directories(kManifests);
    add(kDemo / "base");
    auto hosts = lab::up(cluster(), {});
    ASSERT_TRUE(hosts) << hosts.error().message();
  }
  // An agent that nobody feeds yet.
  void start_unfed(const std::string& choice) {
    agent_ = Process({SLUICED, "--node-name", "node-1", "--metrics", "127.0.0.1:19619", "--log-level",
                      "error", "--new-interfaces", choice});
    // It answers, and so has looked at the machine once.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (status().find("waiting for a first state") == std::string::npos &&
           std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
  }
  static std::string said_by(const std::string& words) {
    run({"/bin/sh", "-c", words + " > /run/hold-says 2>&1"});
    std::ostringstream text;
    text << std::ifstream("/run/hold-says").rdbuf();
    return text.str();
  }
  static std::string status() { return said_by(SLUICECTL " status"); }
  static std::string why_unready() { return said_by(SLUICECTL " status -o json"); }
  // In the end, as whoever holds them notices.
  bool closes() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (opens())
      if (std::chrono::steady_clock::now() > deadline) return false;
    return true;
  }
  static bool opens() {
    const SocketAt api{*net::Ip::parse(kHeldApi), 8080};
    return Stream::open("/run/netns/sluice-shop-frontend-1", "/run/netns/sluice-shop-api-1", api, api, 700)
        .ok();
  }
};

TEST_F(LiveHold, AnAgentThatIsNotFedYetHoldsThemOnlyWhereTheyAreClosed) {
  ASSERT_NO_FATAL_FAILURE(world());
  start_unfed("open");
  EXPECT_TRUE(opens());
  EXPECT_NE(why_unready().find("open until then"), std::string::npos) << why_unready();
  EXPECT_EQ(agent_.end(SIGTERM), 0);
  start_unfed("closed");
  EXPECT_FALSE(opens());
  EXPECT_NE(status().find("closed; held, their pods are not known"), std::string::npos) << status();
  EXPECT_EQ(why_unready().find("open until then"), std::string::npos) << why_unready();
  EXPECT_EQ(run({SLUICECTL, "sync", "--timeout", "300ms"}), 1) << "nothing is known yet";
  EXPECT_EQ(agent_.end(SIGTERM), 0);
  EXPECT_FALSE(opens()) << "left so";
  start_agent({"--new-interfaces", "closed"});
  EXPECT_TRUE(opens()) << "known";
  EXPECT_NE(status().find("closed; none is held"), std::string::npos) << status();
}

// A pod that was made, and opened a connection, while no agent ran.
TEST_F(LiveHold, WhatWasOpenedWhileNoAgentRanGoesOnOnceItsPodIsKnown) {
  ASSERT_NO_FATAL_FAILURE(world());
  add(kDemo / "policies-full");
  auto open = stream("shop-frontend-1", "shop-api-1", kHeldApi);
  ASSERT_TRUE(open) << open.error().message();
  expect_beats(*open, 3, "no agent runs");
  const net::Ip from = *net::Ip::parse("10.244.1.21"), to = *net::Ip::parse(kHeldApi);
  const net::Port near = open->near_port(), far = net::Port::from_host(8080);
  const auto known = track({{from, to, near, far}, {to, from, far, near}});
  ASSERT_TRUE(known) << known.error().message();
  start_unfed("closed");
  EXPECT_FALSE(open->beat(300)) << "held";
  EXPECT_EQ(agent_.end(SIGTERM), 0);
  start_agent({"--new-interfaces", "closed"});
  expect_beats(*open, 3, "in force");
  EXPECT_TRUE(forget_tracked());
}

// Namespaces of others: the address of no pod, and none at all.
TEST_F(LiveHold, ANewInterfaceIsHeldByAnAgentThatKnowsNoPodOfIt) {
  ASSERT_NO_FATAL_FAILURE(world());
  start_agent({"--new-interfaces", "closed"});
  const auto held = [](const char* interface) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (status().find(interface) == std::string::npos)
      if (std::chrono::steady_clock::now() > deadline) return false;
    return true;
  };
  const PodNetns stray("stray");
  ASSERT_TRUE(stray.sound());
  ASSERT_EQ(run({"/bin/sh", "-c",
                 "ip link add strayhost type veth peer name eth0 netns stray && "
                 "ip link set strayhost up && ip -n stray link set eth0 up && "
                 "ip link add both0 type veth peer name both1"}),
            0);
  EXPECT_TRUE(held("strayhost")) << "it has no address yet: " << status();
  ASSERT_EQ(run({"/bin/sh", "-c",
                 "ip -n stray addr add 203.0.113.2/24 dev eth0 && ip addr add 203.0.113.1/24 dev strayhost"}),
            0);
  ASSERT_EQ(run({SLUICECTL, "sync", "--timeout", "20s"}), 0) << "held is no reason to wait";
  EXPECT_FALSE(Stream::open("/run/netns/stray", "/proc/self/ns/net", *net::Ip::parse("203.0.113.1"), 8080));
  EXPECT_EQ(status().find("both0"), std::string::npos) << "both ends are here";
  EXPECT_EQ(run({"/bin/sh", "-c", "ip link del both0; ip link del strayhost"}), 0);
}

// Pods that are made while no agent runs, before any ever did and after one was killed.
TEST_F(LiveHold, WithoutAnAgentTheHolderKeepsThemClosed) {
  Process holder({SLUICED, "--hold-new", "--log-level", "error"});
  ASSERT_NO_FATAL_FAILURE(world());
  ASSERT_TRUE(closes()) << "before any agent";
  start_agent({"--new-interfaces", "closed"});
  EXPECT_TRUE(opens()) << "an agent has taken over";
  EXPECT_EQ(agent_.end(SIGKILL), 128 + SIGKILL);
  auto down = lab::down({});
  ASSERT_TRUE(down) << down.error().message();
  auto hosts = lab::up(cluster(), {});
  ASSERT_TRUE(hosts) << hosts.error().message();
  ASSERT_TRUE(closes()) << "the agent is gone";
  start_agent({"--new-interfaces", "closed"});
  EXPECT_TRUE(opens());
  holder.end(SIGTERM);
}

TEST_F(LiveHold, PermissiveAndClosedAreNotBothToBeHad) {
  const Said said =
      run_and_listen({SLUICED, "--new-interfaces", "closed", "--default-verdict", "permissive"});
  EXPECT_EQ(said.exit, 2);
  EXPECT_NE(said.error.find("--new-interfaces closed: give --default-verdict strict too"), std::string::npos);
}

}  // namespace
}  // namespace sluice::live
