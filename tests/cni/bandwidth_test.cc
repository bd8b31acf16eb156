// Debian's bandwidth plugin with sluice-cni and an agent that attaches by clsact: the plugin's `ingress`
// qdisc on the node's end of a pod's veth has clsact's place. The pod is shaped and its policy in force,
// whichever of the two stands first in the list that somebody wrote.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "agent/cni/conf_list.h"
#include "agent/net/port.h"
#include "tests/cni/runtime.h"
#include "tests/live/pod_netns.h"
#include "tests/live/process.h"
#include "tests/live/sandbox.h"
#include "tests/live/stream.h"

namespace sluice::cni {
namespace {

namespace fs = std::filesystem;
using live::PodNetns;
using live::Process;
using ::testing::HasSubstr;

constexpr char kManifests[] = "/run/bandwidth-manifests", kIpam[] = "/run/bandwidth-ipam";

const std::string kPtp = R"({"type": "ptp", "ipam": {"type": "host-local", "dataDir": "/run/bandwidth-ipam",
  "subnet": "10.244.9.0/24", "routes": [{"dst": "0.0.0.0/0"}]}})";
const std::string kBandwidth = R"({"type": "bandwidth", "ingressRate": 50000000, "ingressBurst": 1000000,
  "egressRate": 50000000, "egressBurst": 1000000})";
const std::string kSluice = R"({"type": "sluice-cni", "gate": "open", "timeout": "10s"})";

std::string list_of(const std::vector<std::string>& plugins) {
  std::string list = R"({"cniVersion": "1.0.0", "name": "shaped", "plugins": [)";
  for (const std::string& plugin : plugins) list += (plugin == plugins.front() ? "" : ",") + plugin;
  return list + "]}";
}

// As it is while a runtime makes it: without addresses, which kubelet publishes after ADD.
std::string pod_manifest(const std::string& name) {
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: shop, uid: uid-" + name +
         ", labels: {app: " + name +
         "}}\nspec: {nodeName: node-1, containers: [{name: c, image: i}]}\nstatus: {phase: Pending}\n";
}
// The shaped pod may be reached at port 8080, and reaches nobody.
const char kPolicy[] =
    "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: shaped, namespace: shop}\n"
    "spec: {podSelector: {matchLabels: {app: shaped}}, policyTypes: [Egress, Ingress],\n"
    "       ingress: [{ports: [{port: 8080}]}]}\n";

class Bandwidth : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(kManifests);
    std::ofstream(std::string(kManifests) + "/all.yaml")
        << pod_manifest("shaped") << pod_manifest("other") << kPolicy;
    agent_ = Process({SLUICED, "--node-name", "node-1", "--attach", "clsact", "--manifests", kManifests,
                      "--metrics", "127.0.0.1:19621", "--log-level", "error"});
  }
  void TearDown() override {
    EXPECT_EQ(agent_.end(SIGTERM), 0);
    EXPECT_EQ(live::run({SLUICED, "--detach"}), 0);
    for (const char* dir : {kManifests, kIpam}) fs::remove_all(dir);
  }
  static Runtime runtime(const std::string& list) {
    return {list, fs::path(SLUICE_CNI).parent_path().string() + ":/usr/lib/cni"};
  }
  static bool reaches(const PodNetns& from, const PodNetns& to, const char* address, uint16_t port) {
    return live::Stream::open(from.path(), to.path(), *net::Ip::parse(address), port).ok();
  }
  // What the pod sends goes through an ifb still.
  static bool is_shaped() {
    return live::run({"/bin/sh", "-c",
                      "for at in $(ip -o link show type veth | sed 's/^[0-9]*: //; s/@.*//'); do "
                      "tc filter show dev $at ingress; done | grep -q mirred && "
                      "tc -s qdisc show | grep -A1 'tbf.*dev bwp' | grep -q 'Sent [1-9]'"}) == 0;
  }

  Process agent_;
};

class BandwidthOrder : public Bandwidth, public ::testing::WithParamInterface<std::vector<std::string>> {};

TEST_P(BandwidthOrder, APodIsShapedAndItsPolicyInForce) {
  const auto composed = compose({"10-shaped.conflist", list_of(GetParam())}, {.timeout = "10s"});
  ASSERT_TRUE(composed) << composed.error().message();
  Runtime runtime = Bandwidth::runtime(*composed);
  const PodNetns shaped("shaped"), other("other");
  ASSERT_TRUE(shaped.sound() && other.sound());
  const Attach attach{"c1", shaped.path(), "shaped"}, another{"c2", other.path(), "other"};
  for (const Attach& added : {attach, another}) {
    const Ran ran = runtime.add(added);
    ASSERT_EQ(ran.exit, 0) << ran.out << ran.err;
  }
  EXPECT_TRUE(reaches(other, shaped, "10.244.9.2", 8080));
  EXPECT_TRUE(is_shaped());
  EXPECT_FALSE(reaches(other, shaped, "10.244.9.2", 8081));
  EXPECT_FALSE(reaches(shaped, other, "10.244.9.3", 8080));
  for (const Attach& gone : {another, attach}) EXPECT_EQ(runtime.del(gone).exit, 0);
}
INSTANTIATE_TEST_SUITE_P(Lists, BandwidthOrder,
                         ::testing::Values(std::vector<std::string>{kPtp, kBandwidth},
                                           std::vector<std::string>{kPtp, kSluice, kBandwidth}),
                         [](const auto& row) { return row.index == 0 ? "Without" : "SluiceByHandBefore"; });

// A list that no installer saw: the plugin fails, so that no container runs.
TEST_F(Bandwidth, AListInTheWrongOrderMakesNoPod) {
  const std::string wrong =
      list_of({R"({"type": "sluice-cni", "gate": "close"})", kPtp, kSluice, kBandwidth});
  EXPECT_TRUE(precedes_bandwidth(wrong)) << "preflight says so";
  Runtime runtime = Bandwidth::runtime(wrong);
  const PodNetns shaped("shaped");
  ASSERT_TRUE(shaped.sound());
  const Ran ran = runtime.add({"c1", shaped.path(), "shaped"});
  EXPECT_NE(ran.exit, 0);
  EXPECT_THAT(ran.out + ran.err, HasSubstr("file exists"));
  EXPECT_EQ(runtime.del({"c1", shaped.path(), "shaped"}).exit, 0);
}

}  // namespace
}  // namespace sluice::cni
