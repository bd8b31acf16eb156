// Live: sluiced as a process, the demo's application as namespaces, real connections. Both topologies, both
// families, TCP and UDP; policies that change under an open stream; the agent killed and started again.
#include "tests/live/live_fixture.h"

#include <fstream>

#include "sluice/layout.h"

namespace sluice::live {
namespace {

const std::string kMapsName = "v" + std::to_string(SLUICE_LAYOUT_VERSION);

class LiveTopology : public Live, public testing::WithParamInterface<lab::Topology> {};

TEST_P(LiveTopology, RealConnectionsAreWhatTheReferenceSays) {
  up(GetParam());
  for (const char* policies : {"policies-default-deny", "policies-full"}) {
    add(kDemo / policies);
    in_force();
    for (net::Family family : {net::Family::kIpv4, net::Family::kIpv6}) {
      expect_real_as_reference(net::kTcp, 8080, family);
      expect_real_as_reference(net::kUdp, 53, family);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Topologies, LiveTopology,
                         testing::Values(lab::Topology::kRouted, lab::Topology::kBridge),
                         [](const auto& parameter) {
                           return parameter.param == lab::Topology::kRouted ? "Routed" : "Bridged";
                         });

TEST_F(Live, AnOpenStreamLivesThroughChangesAndTheAgentsDeath) {
  up(lab::Topology::kRouted);
  auto open = stream("shop-frontend-1", "shop-api-1", "10.244.1.31");
  auto open6 = stream("shop-frontend-1", "shop-api-1", "fd00:10:244:1::31");
  ASSERT_TRUE(open) << open.error().message();
  ASSERT_TRUE(open6) << open6.error().message();
  expect_beats(*open, 3, "before any policy");
  add(kDemo / "policies-full");
  in_force();
  expect_beats(*open, 3, "a policy that allows it arrived");
  add(kDemo / "policies-default-deny");
  in_force();
  expect_beats(*open, 3, "default deny beside it");
  EXPECT_EQ(agent_.end(SIGKILL), 128 + SIGKILL);
  expect_beats(*open, 3, "without an agent");
  expect_beats(*open6, 3, "without an agent, IPv6");
  EXPECT_FALSE(stream("shop-frontend-1", "ingress-controller-0", "10.244.1.10"))
      << "denied, also without an agent";
  start_agent();
  expect_beats(*open, 3, "the agent is back");
  expect_beats(*open6, 3, "the agent is back, IPv6");
  EXPECT_FALSE(stream("shop-frontend-1", "ingress-controller-0", "10.244.1.10"))
      << "denied, the agent is back";
}

TEST_F(Live, AStreamThatIsNoLongerAllowedStopsAndComesBack) {
  up(lab::Topology::kRouted);
  auto open = stream("shop-frontend-1", "shop-api-1", "10.244.1.31");
  ASSERT_TRUE(open) << open.error().message();
  expect_beats(*open, 3, "before any policy");
  add(kDemo / "policies-default-deny");
  in_force();
  EXPECT_FALSE(open->beat(kSilenceMilliseconds)) << "denied connections stop";
  add(kDemo / "policies-full");
  in_force();
  expect_beats(*open, 3, "allowed again: TCP sends what was lost");
}

TEST_F(Live, ASnapshotReadOfflineIsTheCluster) {
  up(lab::Topology::kRouted);
  add(kDemo / "policies-full");
  in_force();
  const std::string snapshot = std::string(SLUICECTL) + " snapshot", file = "/run/cluster.yaml";
  for (const char* output : {"yaml", "json"}) {
    ASSERT_EQ(run({"/bin/sh", "-c", snapshot + " -o " + output + " >" + file}), 0);
    const auto read = source::folder::read_manifests({file});
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_TRUE(read->problems.empty() && read->warnings.empty());
    EXPECT_EQ(read->cluster, cluster());
  }
  EXPECT_EQ(run({"/bin/sh", "-c", snapshot + " >/dev/full"}), 1);
  const Said nobody = run_and_listen({SLUICECTL, "snapshot", "--socket", "/run/nobody.sock"});
  EXPECT_EQ(nobody.exit, 1);
  EXPECT_EQ(
      nobody.error,
      "sluicectl: snapshot: no agent answers at /run/nobody.sock: start sluiced, or give its socket with "
      "--socket\n");
}

TEST_F(Live, StoppingLeavesEnforcementAndDetachRemovesIt) {
  up(lab::Topology::kRouted);
  add(kDemo / "policies-default-deny");
  in_force();
  EXPECT_EQ(agent_.end(SIGTERM), 0);
  EXPECT_FALSE(stream("shop-frontend-1", "shop-api-1", "10.244.1.31")) << "enforced without an agent";
  EXPECT_EQ(run({SLUICED, "--detach"}), 0);
  EXPECT_FALSE(fs::exists("/sys/fs/bpf/sluice"));
  auto open = stream("shop-frontend-1", "shop-api-1", "10.244.1.31");
  EXPECT_TRUE(open) << "nothing of Sluice is left";
}

TEST_F(Live, AnAgentThatDoesNotStartChangesNothing) {
  up(lab::Topology::kRouted);
  add(kDemo / "policies-default-deny");
  in_force();
  EXPECT_EQ(agent_.end(SIGTERM), 0);
  const std::vector<std::vector<std::string>> wishes{{"--mode", "audit"},
                                                     {"--default-verdict", "permissive"}};
  for (const auto& wish : wishes) {
    std::vector<std::string> words{SLUICED,           "--node-name", "node-1",
                                   "--manifests",     kManifests,    "--metrics",
                                   "127.0.0.1:19619", "--socket",    "/proc/no-socket-can-be-here"};
    words.insert(words.end(), wish.begin(), wish.end());
    EXPECT_EQ(run(words), 1);
    EXPECT_FALSE(stream("shop-frontend-1", "shop-api-1", "10.244.1.31")) << "still enforced: " << wish[1];
  }
}

TEST_F(Live, AHalfWrittenFileNeverEmptiesThePolicy) {
  up(lab::Topology::kRouted);
  ASSERT_TRUE(stream("shop-frontend-1", "shop-api-1", "10.244.1.31")) << "open before any policy";
  add(kDemo / "policies-default-deny");
  in_force();
  std::ofstream(std::string(kManifests) + "/default-deny.yaml")
      << "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  na";
  EXPECT_EQ(run({SLUICECTL, "sync", "--timeout", "20s"}), 1) << "sync says that it is refused";
  EXPECT_FALSE(stream("shop-frontend-1", "shop-api-1", "10.244.1.31"))
      << "the last good version stays in force";
}

TEST_F(Live, AnAgentThatCannotSeeItsPodsKeepsThemProtected) {
  up(lab::Topology::kRouted);
  add(kDemo / "policies-default-deny");
  in_force();
  // Where nothing can be seen others may be here without policy.
  for (const auto& [wrong, synced] : {std::pair{"/run/no-such-directory", 1}, {"/run/manifests", 0}}) {
    EXPECT_EQ(agent_.end(SIGTERM), 0);
    launch_agent(wrong);
    ASSERT_EQ(run({SLUICECTL, "sync", "--timeout", synced == 0 ? "30s" : "5s"}), synced) << wrong;
    EXPECT_FALSE(stream("shop-frontend-1", "shop-api-1", "10.244.1.31")) << "--netns-dir " << wrong;
  }
  add(kDemo / "policies-full");
  in_force();
  EXPECT_TRUE(stream("shop-frontend-1", "shop-api-1", "10.244.1.31")) << "policy is followed all the same";
  EXPECT_EQ(agent_.end(SIGTERM), 0);
  start_agent();
  auto open = stream("shop-frontend-1", "shop-api-1", "10.244.1.31");
  ASSERT_TRUE(open) << "seen again";
  EXPECT_FALSE(stream("shop-frontend-1", "ingress-controller-0", "10.244.1.10"));
}

TEST_F(Live, AnotherLayoutVersionIsReplacedWithoutAGap) {
  up(lab::Topology::kRouted);
  add(kDemo / "policies-full");
  in_force();
  auto open = stream("shop-frontend-1", "shop-api-1", "10.244.1.31");
  ASSERT_TRUE(open) << open.error().message();
  expect_beats(*open, 3, "before the upgrade");
  EXPECT_EQ(agent_.end(SIGTERM), 0);
  // What an agent of another version left: its maps, and its programs on every interface.
  const fs::path pins = "/sys/fs/bpf/sluice";
  fs::rename(pins / kMapsName, pins / "v0");
  EXPECT_FALSE(stream("shop-frontend-1", "ingress-controller-0", "10.244.1.10")) << "the old version's";
  start_agent();
  EXPECT_FALSE(stream("shop-frontend-1", "ingress-controller-0", "10.244.1.10")) << "the new version's";
  expect_beats(*open, 3, "judged as if it opened");
  EXPECT_TRUE(fs::exists(pins / kMapsName));
  EXPECT_FALSE(fs::exists(pins / "v0")) << "nothing of the old version is left";
}

const auto* const kSandbox = testing::AddGlobalTestEnvironment(new SandboxEnvironment);

}  // namespace
}  // namespace sluice::live
