// Live: what an agent says of the connections that it remembers, and the shares that it gives to pods.
#include <fstream>
#include <sstream>

#include "agent/base/default_socket.h"
#include "agent/control/client.h"
#include "sluice/limits.h"
#include "tests/live/live_fixture.h"

namespace sluice::live {
namespace {

class LiveFlows : public Live {
 protected:
  // As if `annotations` were written at shop/api-1.
  void annotate_api(const std::string& annotations) {
    const std::string name = "  name: api-1\n";
    std::ifstream in(kDemo / "base" / "pods.yaml");
    std::stringstream pods;
    pods << in.rdbuf();
    std::string text = pods.str();
    const size_t at = text.find(name);
    ASSERT_NE(at, text.npos);
    text.insert(at + name.size(), annotations);
    std::ofstream(std::string(kManifests) + "/pods.yaml") << text;
    in_force();
  }
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

}  // namespace
}  // namespace sluice::live
