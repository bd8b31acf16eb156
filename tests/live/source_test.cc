// Live: packets that a pod makes by hand (semantics 17, 28, 38): in another's name, on its link, pings.
#include <fstream>

#include "tests/live/live_fixture.h"
#include "tests/live/pings.h"

namespace sluice::live {
namespace {

constexpr uint16_t kPort = 5005;
constexpr int kArrives = 1500, kStaysAway = 400;
const char kApi[] = "10.244.1.31", kFrontend[] = "10.244.1.21", kController[] = "10.244.1.10",
           kNodeGateway[] = "169.254.1.1";

// The api takes from the frontends alone; nothing else is isolated.
const char kOnlyFrontends[] = R"(
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api-from-frontends, namespace: shop}
spec:
  podSelector: {matchLabels: {role: api}}
  ingress: [{from: [{podSelector: {matchLabels: {role: frontend}}}]}]
)";
const char kClosedFrontends[] = R"(
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: frontend-closed, namespace: shop}
spec: {podSelector: {matchLabels: {role: frontend}}, policyTypes: [Ingress, Egress]}
)";
const char kPingingFrontends[] = R"(
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: frontend-closed, namespace: shop}
spec: {podSelector: {matchLabels: {role: frontend}}, policyTypes: [Ingress]}
)";

class LiveSource : public Live, public testing::WithParamInterface<lab::Topology> {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::ofstream(std::string(kManifests) + "/" + name) << text;
    in_force();
  }
  void remove(const std::string& name) {
    std::filesystem::remove(std::string(kManifests) + "/" + name);
    in_force();
  }
  void expect_datagram(bool arrives, const char* source, const char* what) {
    const auto seen =
        datagram_arrives("sluice-ingress-controller-0", "sluice-shop-api-1", *net::Ip::parse(source),
                         *net::Ip::parse(kApi), kPort, arrives ? kArrives : kStaysAway);
    ASSERT_TRUE(seen) << seen.error().message();
    EXPECT_EQ(*seen, arrives) << what;
  }
  void expect_answer(bool answered, const char* from, const char* to, uint16_t identifier, const char* what) {
    const auto seen = is_answered(from, *net::Ip::parse(to), identifier, answered ? kArrives : kStaysAway);
    ASSERT_TRUE(seen) << seen.error().message();
    EXPECT_EQ(*seen, answered) << what;
  }
};

TEST_P(LiveSource, NobodySendsInTheNameOfOthers) {
  up(GetParam());
  write("api.yaml", kOnlyFrontends);
  expect_datagram(false, kController, "in its own name it is not allowed");
  expect_datagram(false, kFrontend, "in the name of a pod that is");
  expect_datagram(false, kNodeGateway, "in the name of the node");
  expect_datagram(false, "192.0.2.7", "in nobody's name");
  remove("api.yaml");
  expect_datagram(true, kController, "without the policy, in its own name");
  expect_datagram(false, "192.0.2.7", "without a policy, in nobody's name");
  write("namespaces.yaml", R"(
apiVersion: v1
kind: Namespace
metadata: {name: ingress, annotations: {sluice.dev/allowed-source-prefixes: "192.0.2.0/24, 10.244.0.0/16"}}
)");
  expect_datagram(true, "192.0.2.7", "from a prefix that its namespace was given");
  expect_datagram(false, kFrontend, "in it is another pod's address");
  agent_.end(SIGTERM);
  EXPECT_EQ(run({SLUICED, "--detach"}), 0);
  expect_datagram(true, kFrontend, "nothing but Sluice stops it");
}

TEST_P(LiveSource, TheNodesLinkIsReachedAndAnswers) {
  up(GetParam());
  write("frontend.yaml", kClosedFrontends);
  expect_answer(true, "sluice-shop-frontend-1", "fe80::1", 7, "the node, on the link");
  expect_answer(false, "sluice-shop-frontend-1", kApi, 7, "a pod");
}

TEST_P(LiveSource, AnAllowedPingLetsNobodyPingBack) {
  up(GetParam());
  write("frontend.yaml", kPingingFrontends);
  for (const uint16_t identifier : {uint16_t{7}, uint16_t{8}}) {
    expect_answer(true, "sluice-shop-frontend-1", kApi, identifier, "out is allowed");
    expect_answer(false, "sluice-shop-api-1", kFrontend, identifier, "in is not");
  }
  expect_answer(true, "sluice-shop-frontend-1", "fd00:10:244:1::31", 7, "IPv6: out is allowed");
  expect_answer(false, "sluice-shop-api-1", "fd00:10:244:1::21", 7, "IPv6: in is not");
}

INSTANTIATE_TEST_SUITE_P(Topologies, LiveSource,
                         testing::Values(lab::Topology::kRouted, lab::Topology::kBridge),
                         [](const auto& parameter) {
                           return parameter.param == lab::Topology::kRouted ? "Routed" : "Bridged";
                         });

}  // namespace
}  // namespace sluice::live
