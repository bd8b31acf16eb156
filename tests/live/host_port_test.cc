// Live: real connections to a host port, rewritten by what a node uses for it: Debian's portmap plugin
// (semantics 21). The api pod has the host port 18080 for its 8080; a frontend calls it at its node's
// addresses.
#include <boost/json.hpp>
#include <fstream>

#include "agent/endpoint/node_addresses.h"
#include "agent/lab/wire.h"
#include "tests/cni/runtime.h"
#include "tests/live/live_fixture.h"
#include "tests/live/pings.h"
#include "tests/oracle/text.h"

namespace sluice::live {
namespace {

constexpr char kPortmap[] = "/usr/lib/cni/portmap";
constexpr uint16_t kHostPort = 18080, kPort = 8080;
constexpr int kOpens = 2000, kStaysShut = 500;  // milliseconds

struct FamilyOf {
  const char* node;
  const char* api;
  int length;
};
constexpr FamilyOf kFamilies[] = {{"192.168.50.11", "10.244.1.31", 32},
                                  {"fd00:50::11", "fd00:10:244:1::31", 128}};

// Of the frontends, or of the api.
std::string policy(const std::string& role, const std::string& rest) {
  return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: tried, namespace: shop}\n"
         "spec: {podSelector: {matchLabels: {role: " +
         role + "}}, " + rest + "}\n";
}
std::string egress(const std::string& rules) {
  return policy("frontend", "policyTypes: [Egress], egress: [" + rules + "]");
}
std::string to_api(int port) {
  return "{to: [{podSelector: {matchLabels: {role: api}}}], ports: [{port: " + std::to_string(port) + "}]}";
}
std::string to_node(int port) {
  return "{to: [{ipBlock: {cidr: 192.168.50.11/32}}, {ipBlock: {cidr: \"fd00:50::11/128\"}}], ports: "
         "[{port: " +
         std::to_string(port) + "}]}";
}

class LiveHostPort : public Live, public testing::WithParamInterface<lab::Topology> {
 protected:
  void SetUp() override {
    ASSERT_EQ(::access(kPortmap, X_OK), 0) << "install containernetworking-plugins (deploy/install-deps.sh)";
    if (is_bridged() && ::access("/proc/sys/net/bridge", F_OK) != 0)
      GTEST_SKIP() << "needs br_netfilter, as every node whose pods share a bridge: modprobe br_netfilter";
    up(GetParam());
    route(true);
    give_the_node_its_addresses();
    portmap("ADD");
    model::Pod api = cluster().pods.at({"shop", "api-1"});
    api.host_ports.push_back({net::kTcp, net::Port::from_host(kHostPort), {}, net::Port::from_host(kPort)});
    model::Cluster alone;
    alone.apply(model::Change::upsert(api));
    write("z-api.yaml", oracle::to_yaml(alone));
  }

  void TearDown() override {
    if (IsSkipped()) return;
    portmap("DEL");
    Live::TearDown();
    route(false);
  }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(std::string(kManifests) + "/" + name) << text;
    in_force();
  }
  void given(const std::string& policy) { write("tried.yaml", policy); }

  base::Result<Stream> call(const FamilyOf& family, int milliseconds = kOpens) {
    return Stream::open("/run/netns/sluice-shop-frontend-1", "/run/netns/sluice-shop-api-1",
                        SocketAt{*net::Ip::parse(family.node), kHostPort},
                        SocketAt{*net::Ip::parse(family.api), kPort}, milliseconds);
  }
  void expect_reached(bool reached, const char* when) {
    for (const FamilyOf& family : kFamilies) {
      auto stream = call(family, reached ? kOpens : kStaysShut);
      EXPECT_EQ(stream.ok() && stream->beat(kBeatMilliseconds), reached) << family.node << ", " << when;
    }
  }

 private:
  static bool is_bridged() { return GetParam() == lab::Topology::kBridge; }
  // Where pods on a link find them: the bridge goes with the lab, what is on lo stays; nobody else is at it.
  void give_the_node_its_addresses() {
    const auto own = endpoint::node_addresses();
    ASSERT_TRUE(own) << own.error().message();
    std::vector<lab::NewAddress> addresses;
    for (const FamilyOf& family : kFamilies)
      if (const auto ip = *net::Ip::parse(family.node);
          is_bridged() || std::find(own->begin(), own->end(), ip) == own->end())
        addresses.push_back({ip, family.length});
    if (addresses.empty()) return;
    auto netlink = lab::Netlink::open();
    ASSERT_TRUE(netlink) << netlink.error().message();
    auto added =
        lab::add_addresses(*netlink, is_bridged() ? "sluice-lab" : "lo", addresses, std::chrono::seconds(5));
    ASSERT_TRUE(added) << added.error().message();
  }
  // From pod to pod, which the lab does itself only where it has no bridge.
  void route(bool on) {
    if (!is_bridged()) return;
    for (const char* forwarding : {"net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"}) {
      const auto written = lab::write_sysctl(forwarding, on ? "1" : "0");
      ASSERT_TRUE(written) << written.error().message();
    }
  }
  void portmap(const std::string& command) {
    boost::json::array ips;
    for (const FamilyOf& family : kFamilies)
      ips.push_back(
          {{"address", std::string(family.api) + "/" + std::to_string(family.length)}, {"interface", 0}});
    const std::string netns = "/run/netns/sluice-shop-api-1";
    const boost::json::object config = {
        {"cniVersion", "1.0.0"},
        {"name", "lab"},
        {"type", "portmap"},
        {"runtimeConfig",
         {{"portMappings", {{{"hostPort", kHostPort}, {"containerPort", kPort}, {"protocol", "tcp"}}}}}},
        {"prevResult",
         {{"cniVersion", "1.0.0"}, {"interfaces", {{{"name", "eth0"}, {"sandbox", netns}}}}, {"ips", ips}}}};
    const cni::Ran ran =
        cni::run_program(kPortmap, {},
                         {"CNI_COMMAND=" + command, "CNI_CONTAINERID=api-1", "CNI_NETNS=" + netns,
                          "CNI_IFNAME=eth0", "CNI_PATH=/usr/lib/cni", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                         boost::json::serialize(config));
    ASSERT_EQ(ran.exit, 0) << ran.out << ran.err;
  }
};

TEST_P(LiveHostPort, IsJudgedByThePodBehindIt) {
  expect_reached(true, "nobody is isolated");
  given(egress(""));
  expect_reached(false, "isolated, though the node is always allowed");
  const auto answered = is_answered("sluice-shop-frontend-1", *net::Ip::parse(kFamilies[0].node), 7, 1500);
  EXPECT_TRUE(answered && *answered) << "the node itself";
  given(egress(to_api(kPort)));
  expect_reached(true, "the pod behind it is allowed at its own port");
  given(egress(to_api(kHostPort)));
  expect_reached(false, "the pod behind it is allowed at another port");
  given(egress(to_node(kHostPort)));
  expect_reached(true, "the address and port are allowed as they stand");
  given(egress(to_node(kPort)));
  expect_reached(false, "the address is allowed at another port");
  given(policy("api", "ingress: [{from: [{podSelector: {matchLabels: {role: none}}}]}]"));
  expect_reached(false, "the pod behind it takes nothing");
}

TEST_P(LiveHostPort, AnOpenConnectionFollowsThePolicy) {
  given(egress(to_api(kPort)));
  std::vector<Stream> streams;
  for (const FamilyOf& family : kFamilies) {
    auto stream = call(family);
    ASSERT_TRUE(stream) << stream.error().message();
    streams.push_back(std::move(*stream));
  }
  for (Stream& stream : streams) expect_beats(stream, 3, "allowed");
  given(egress(""));
  for (Stream& stream : streams) EXPECT_FALSE(stream.beat(kSilenceMilliseconds));
  given(egress(to_node(kHostPort)));
  for (Stream& stream : streams) expect_beats(stream, 3, "allowed again, by another rule");
}

INSTANTIATE_TEST_SUITE_P(Topologies, LiveHostPort,
                         testing::Values(lab::Topology::kRouted, lab::Topology::kBridge),
                         [](const auto& parameter) {
                           return parameter.param == lab::Topology::kRouted ? "Routed" : "Bridged";
                         });

}  // namespace
}  // namespace sluice::live
