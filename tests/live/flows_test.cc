// Live: what an agent says of the connections that it remembers, and the shares that it gives to pods.
#include <fstream>

#include "agent/base/default_socket.h"
#include "agent/control/client.h"
#include "sluice/limits.h"
#include "tests/live/beating.h"
#include "tests/live/live_fixture.h"

namespace sluice::live {
namespace {

class LiveFlows : public Live {
 protected:
  static v1::Endpoint api() {
    auto reply = control::Client(base::kDefaultSocket).endpoints();
    if (reply)
      for (const auto& endpoint : reply->endpoints())
        if (endpoint.pod() == "api-1") return endpoint;
    ADD_FAILURE() << (reply ? "no api-1" : reply.error().message());
    return {};
  }
};

TEST_F(LiveFlows, AConnectionIsCountedAndAShareIsTheAnnotations) {
  up(lab::Topology::kRouted);
  EXPECT_EQ(api().flows_share(), 0u);
  auto open = stream("shop-frontend-1", "shop-api-1", "10.244.1.31");
  ASSERT_TRUE(open) << open.error().message();
  expect_beats(*open, 1, "at first");
  EXPECT_EQ(api().flows_answered(), 1u);
  annotate_api("  annotations: {sluice.dev/flows: \"5000\"}\n");
  EXPECT_EQ(api().flows_share(), 5000u);
  agent_.end(SIGTERM);
  start_agent();
  EXPECT_EQ(api().flows_share(), 5000u) << "a new agent";
  // It read the tables when it was asked first: an answer may be 10 s old.
  const auto status = control::Client(base::kDefaultSocket).status();
  ASSERT_TRUE(status) << status.error().message();
  ASSERT_EQ(status->flows().tables_size(), 2);
  EXPECT_GE(status->flows().tables(0).limit(), SLUICE_LEAST_FLOWS);
  EXPECT_EQ(status->flows().tables(0).answered(), 2u) << "at both ends";
  annotate_api("  annotations: {sluice.dev/flows: many}\n");
  EXPECT_EQ(api().flows_share(), 0u) << "what is wrong gives none";
  annotate_api("  annotations: {sluice.dev/flows: \"6000\"}\n");
  agent_.end(SIGTERM);
  std::filesystem::remove(std::string(kManifests) + "/pods.yaml");
  add(kDemo / "base");
  start_agent();
  EXPECT_EQ(api().flows_share(), 0u) << "taken away while no agent ran";
}

// The client is isolated for ingress: without its flow, what the server sends opens a connection, which is denied.
// The stands-still one is asked nothing until the end.
TEST_F(LiveFlows, AnotherSizeUnderTrafficKeepsConnectionsAndLosesNothing) {
  up(lab::Topology::kRouted);
  std::ofstream(std::string(kManifests) + "/web.yaml") << R"(
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web-closed, namespace: shop}
spec: {podSelector: {matchLabels: {role: frontend}}, policyTypes: [Ingress]}
)";
  in_force();
  const SocketAt api{*net::Ip::parse("10.244.1.31"), 8080};
  const auto open = [&api](net::Protocol protocol) {
    return Stream::open("/run/netns/sluice-shop-frontend-1", "/run/netns/sluice-shop-api-1", api, api,
                        kBeatMilliseconds, protocol);
  };
  auto tcp = open(net::kTcp), udp = open(net::kUdp), still = open(net::kTcp);
  ASSERT_TRUE(tcp && udp && still);
  Beating tcp_traffic(std::move(*tcp), kBeatMilliseconds), udp_traffic(std::move(*udp), kBeatMilliseconds);
  for (const uint32_t flows : {SLUICE_LEAST_FLOWS * 2, SLUICE_LEAST_FLOWS, SLUICE_LEAST_FLOWS * 4}) {
    for (const Beating* traffic : {&tcp_traffic, &udp_traffic}) traffic->wait_for(100);
    agent_.end(SIGTERM);
    start_agent({"--flows", std::to_string(flows)});
    for (const Beating* traffic : {&tcp_traffic, &udp_traffic}) traffic->wait_for(100);
    const auto status = control::Client(base::kDefaultSocket).status();
    ASSERT_TRUE(status) << status.error().message();
    EXPECT_EQ(status->flows().tables(0).limit(), flows);
  }
  EXPECT_TRUE(tcp_traffic.stop()) << "lost after " << tcp_traffic.beats();
  EXPECT_TRUE(udp_traffic.stop()) << "lost after " << udp_traffic.beats();
  EXPECT_TRUE(still->answer(kBeatMilliseconds)) << "the server pushes into the one that stood still";
}

}  // namespace
}  // namespace sluice::live
