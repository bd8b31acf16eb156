// Live: real traffic to a host port, rewritten by what a node uses for it: Debian's portmap plugin
// (semantics 21). The api pod has the host port 18080 for its 8080, of one protocol, at every address of its
// node or at one of them (hostIP); a frontend calls it at its node's addresses.
#include <boost/json.hpp>
#include <fstream>

#include "agent/endpoint/node_addresses.h"
#include "agent/lab/wire.h"
#include "tests/cni/runtime.h"
#include "tests/live/live_fixture.h"
#include "tests/live/pings.h"
#include "tests/live/sctp_init.h"
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

struct Row {
  const char* name;
  lab::Topology topology;
  net::Protocol protocol;
  const char* host_ip = "";  // kFamilies[0].node, or every address of the node
};
void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

// Of the frontends, or of the api.
std::string policy(const std::string& role, const std::string& rest) {
  return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: tried, namespace: shop}\n"
         "spec: {podSelector: {matchLabels: {role: " +
         role + "}}, " + rest + "}\n";
}
std::string egress(const std::string& rules) {
  return policy("frontend", "policyTypes: [Egress], egress: [" + rules + "]");
}

class LiveHostPort : public Live, public testing::WithParamInterface<Row> {
 protected:
  static constexpr char kFrontend[] = "/run/netns/sluice-shop-frontend-1",
                        kApi[] = "/run/netns/sluice-shop-api-1";

  void SetUp() override {
    ASSERT_EQ(::access(kPortmap, X_OK), 0) << "install containernetworking-plugins (deploy/install-deps.sh)";
    if (is_bridged() && ::access("/proc/sys/net/bridge", F_OK) != 0)
      GTEST_SKIP() << "needs br_netfilter, as every node whose pods share a bridge: modprobe br_netfilter";
    up(GetParam().topology);
    route(true);
    give_the_node_its_addresses();
    portmap("ADD");
    model::Pod api = cluster().pods.at({"shop", "api-1"});
    api.host_ports.push_back(
        {GetParam().protocol, net::Port::from_host(kHostPort), {}, net::Port::from_host(kPort)});
    if (has_host_ip()) api.host_ports.back().ip = *net::Ip::parse(GetParam().host_ip);
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

  static std::string ports(int port) {
    return ", ports: [{port: " + std::to_string(port) + ", protocol: " + GetParam().protocol.to_text() +
           "}]}";
  }
  static std::string to_api(int port) {
    return "{to: [{podSelector: {matchLabels: {role: api}}}]" + ports(port);
  }
  static std::string to_node(int port) {
    return "{to: [{ipBlock: {cidr: 192.168.50.11/32}}, {ipBlock: {cidr: \"fd00:50::11/128\"}}]" + ports(port);
  }

  // Where the host port is the pod's.
  static std::vector<FamilyOf> families() {
    if (has_host_ip()) return {kFamilies[0]};
    return {std::begin(kFamilies), std::end(kFamilies)};
  }
  base::Result<Stream> call(const FamilyOf& family, int milliseconds = kOpens) {
    return Stream::open(kFrontend, kApi, SocketAt{*net::Ip::parse(family.node), kHostPort},
                        SocketAt{*net::Ip::parse(family.api), kPort}, milliseconds, GetParam().protocol);
  }
  bool reaches(const FamilyOf& family, int milliseconds) {
    if (GetParam().protocol != net::kSctp) {
      auto stream = call(family, milliseconds);
      return stream.ok() && stream->beat(kBeatMilliseconds) && stream->answer(kBeatMilliseconds);
    }
    const auto arrived = sctp_init_arrives(kFrontend, kApi, {*net::Ip::parse(family.node), kHostPort},
                                           {*net::Ip::parse(family.api), kPort}, ++tag_, milliseconds);
    EXPECT_TRUE(arrived) << arrived.error().message();
    return arrived && *arrived;
  }
  void expect_reached(bool reached, const char* when) {
    for (const FamilyOf& family : families())
      EXPECT_EQ(reaches(family, reached ? kOpens : kStaysShut), reached) << family.node << ", " << when;
  }
  static bool has_host_ip() { return *GetParam().host_ip != '\0'; }

 private:
  static bool is_bridged() { return GetParam().topology == lab::Topology::kBridge; }
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
    boost::json::object mapping = {
        {"hostPort", kHostPort}, {"containerPort", kPort}, {"protocol", GetParam().protocol.to_text()}};
    if (has_host_ip()) mapping["hostIP"] = GetParam().host_ip;
    const std::string netns = kApi;
    const boost::json::object config = {
        {"cniVersion", "1.0.0"},
        {"name", "lab"},
        {"type", "portmap"},
        {"runtimeConfig", {{"portMappings", boost::json::array{mapping}}}},
        {"prevResult",
         {{"cniVersion", "1.0.0"}, {"interfaces", {{{"name", "eth0"}, {"sandbox", netns}}}}, {"ips", ips}}}};
    const cni::Ran ran =
        cni::run_program(kPortmap, {},
                         {"CNI_COMMAND=" + command, "CNI_CONTAINERID=api-1", "CNI_NETNS=" + netns,
                          "CNI_IFNAME=eth0", "CNI_PATH=/usr/lib/cni", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                         boost::json::serialize(config));
    ASSERT_EQ(ran.exit, 0) << ran.out << ran.err;
  }

  uint32_t tag_ = 0;  // of the last SCTP packet
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

class LiveHostPortStream : public LiveHostPort {};

TEST_P(LiveHostPortStream, AnOpenOneFollowsThePolicy) {
  given(egress(to_api(kPort)));
  std::vector<Stream> streams;
  for (const FamilyOf& family : families()) {
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

class LiveHostIp : public LiveHostPort {};

// Elsewhere the node itself has that port, and answers there; nobody is kept from its own node (rule 19).
TEST_P(LiveHostIp, IsThePodsAtThatAddressOnly) {
  expect_reached(true, "nobody is isolated");
  given(egress(""));
  expect_reached(false, "isolated");
  const SocketAt own{*net::Ip::parse(kFamilies[1].node), kHostPort};
  auto stream = Stream::open(kFrontend, "/proc/self/ns/net", own, own, kOpens, GetParam().protocol);
  EXPECT_TRUE(stream.ok() && stream->beat(kBeatMilliseconds)) << "the node itself";
  given(egress(to_api(kPort)));
  expect_reached(true, "the pod behind it is allowed at its own port");
}

constexpr Row kTcpRouted{"TcpRouted", lab::Topology::kRouted, net::kTcp},
    kTcpBridged{"TcpBridged", lab::Topology::kBridge, net::kTcp},
    kUdpRouted{"UdpRouted", lab::Topology::kRouted, net::kUdp},
    kUdpBridged{"UdpBridged", lab::Topology::kBridge, net::kUdp},
    kSctpRouted{"SctpRouted", lab::Topology::kRouted, net::kSctp},
    kSctpBridged{"SctpBridged", lab::Topology::kBridge, net::kSctp},
    kTcpAtIp{"TcpRouted", lab::Topology::kRouted, net::kTcp, kFamilies[0].node},
    kUdpAtIp{"UdpBridged", lab::Topology::kBridge, net::kUdp, kFamilies[0].node};
constexpr auto kNameOf = [](const testing::TestParamInfo<Row>& row) { return row.param.name; };

INSTANTIATE_TEST_SUITE_P(Rows, LiveHostPort,
                         testing::Values(kTcpRouted, kTcpBridged, kUdpRouted, kUdpBridged, kSctpRouted,
                                         kSctpBridged),
                         kNameOf);
INSTANTIATE_TEST_SUITE_P(Rows, LiveHostPortStream,
                         testing::Values(kTcpRouted, kTcpBridged, kUdpRouted, kUdpBridged), kNameOf);
INSTANTIATE_TEST_SUITE_P(Rows, LiveHostIp, testing::Values(kTcpAtIp, kUdpAtIp), kNameOf);

}  // namespace
}  // namespace sluice::live
