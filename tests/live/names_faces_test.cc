// Live: the DNS that pods ask by a Service's address, which a node rewrites as kube-proxy does (nft, ipvs), or by a cache of
// their own node, whose packets no connection tracking sees. Who is believed unless options say so: kube-system/kube-dns and
// the node's own addresses.
#include <iostream>

#include "tests/live/names_server.h"

namespace sluice::live {
namespace {

constexpr char kNft[] = "/usr/sbin/nft", kIpvsadm[] = "/sbin/ipvsadm";
constexpr char kClusterDnsAddress[] = "10.96.0.10", kOtherAddress[] = "10.96.0.66",
               kCacheAddress[] = "169.254.20.10";
constexpr char kObjects[] =
    "{apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}\n---\n"
    "{apiVersion: v1, kind: Service, metadata: {name: kube-dns, namespace: kube-system}, spec: {clusterIP: "
    "10.96.0.10, "
    "clusterIPs: [10.96.0.10], ports: [{name: dns, port: 53, protocol: UDP, targetPort: 53}, "
    "{name: dns-tcp, port: 53, protocol: TCP, targetPort: 53}]}}\n---\n"
    "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: kube-dns-1, namespace: "
    "kube-system, "
    "labels: {kubernetes.io/service-name: kube-dns}}, addressType: IPv4, endpoints: [{addresses: "
    "[10.77.0.53], "
    "conditions: {ready: true}}], ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, "
    "protocol: "
    "TCP}]}\n";
constexpr char kCachePod[] =
    "---\n{apiVersion: v1, kind: Pod, metadata: {name: node-local-dns-x, namespace: kube-system, labels: "
    "{k8s-app: "
    "node-local-dns}}, spec: {nodeName: node-1, hostNetwork: true}, status: {phase: Running, podIPs: [{ip: "
    "10.77.255.1}]}}\n";
// What kube-proxy makes of the Service, and of one more, which leads to the liar.
constexpr char kRewrite[] =
    "table ip faces { chain services { type nat hook prerouting priority dstnat; "
    "ip daddr 10.96.0.10 meta l4proto { tcp, udp } th dport 53 dnat to 10.77.0.53:53; "
    "ip daddr 10.96.0.66 meta l4proto { tcp, udp } th dport 53 dnat to 10.77.0.66:53; }; };";
constexpr char kUntracked[] =
    "table ip faces { chain in { type filter hook prerouting priority raw; "
    "ip daddr { 169.254.20.10, 10.96.0.10 } th dport 53 notrack; }; "
    "chain out { type filter hook output priority raw; "
    "ip saddr { 169.254.20.10, 10.96.0.10 } th sport 53 notrack; }; };";

bool has_ipvs() {
  return ::access("/proc/net/ip_vs", F_OK) == 0;
}

class LiveNamesFaces : public LiveNamesWithServer {
 protected:
  void SetUp() override {
    LiveNamesWithServer::SetUp();
    if (::access(kNft, X_OK) != 0) GTEST_SKIP() << "needs " << kNft << ": deploy/install-deps.sh";
  }
  void TearDown() override {
    cache_.end(SIGTERM);
    if (::access(kNft, X_OK) == 0) shell(kNft + std::string(" flush ruleset"));
    for (const char* address :
         {kClusterDnsAddress, kOtherAddress, kCacheAddress})  // of those that a test has added
      shell(kIpTool + std::string(" address delete ") + address + "/32 dev lo 2>/dev/null; true");
    LiveNamesWithServer::TearDown();
  }
  static void shell(const std::string& command) { ASSERT_EQ(run({"/bin/sh", "-c", command}), 0) << command; }
  static void nft(const std::string& rules) { shell(std::string(kNft) + " '" + rules + "'"); }

  void start_believing(const std::string& objects) {
    up(kLongTtl);
    write("dns.yaml", objects);
    write("asks.yaml",
          "{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: "
          "asks}, spec: {"
          "tier: Admin, priority: 1, subject: {namespaces: {matchLabels: {team: shop}}}, egress: [{action: "
          "Accept, to: "
          "[{networks: [10.77.0.53/32, 10.77.0.66/32, 169.254.20.10/32, 10.96.0.0/16]}]}]}}\n");
    start_agent({"--dns-grace", "1"});
  }
  static Message ask_at(const char* server, const Question& question, bool by_tcp = false) {
    return within_client(
        0, [&] { return (by_tcp ? ask_by_tcp : ask_by_udp)(*net::Ip::parse(server), question, kPatience); });
  }
  // Asked at `server` for a name that nobody has asked for, over UDP and TCP.
  static void expect_taught_at(const char* server, uint16_t number) {
    for (const bool by_tcp : {false, true}) {
      const auto asked = static_cast<uint16_t>(number + by_tcp);
      const net::Ip ip = address_of(asked, net::Family::kIpv4);
      EXPECT_TRUE(says(ask_at(server, {asked, numbered(asked)}, by_tcp), ip)) << server << " " << by_tcp;
      EXPECT_THAT(learnt(), testing::Contains(numbered(asked) + " " + ip.to_text()))
          << server << " " << by_tcp;
    }
  }
  // A server of the test at the liar's address answers, and teaches nothing.
  static void expect_nothing_taught_at(const char* server, uint16_t number) {
    const std::vector<std::string> before = learnt();
    auto liar = socket_in(kLiarNetns, AF_INET, SOCK_DGRAM, 0);
    const SocketAddress at({*net::Ip::parse(kLiar), kDnsPort});
    ASSERT_TRUE(liar && ::bind(liar->get(), at.get(), at.size()) == 0);
    const Question question{number, "evil.shop.test"};
    std::thread lying([&] {
      sockaddr_storage caller{};
      socklen_t size = sizeof caller;
      char ignored[512];
      if (!readable(liar->get(), kPatience) || ::recvfrom(liar->get(), ignored, sizeof ignored, 0,
                                                          reinterpret_cast<sockaddr*>(&caller), &size) < 0)
        return;
      const Message lie = answering(question, *net::Ip::parse("10.99.9.9"), 600);
      ::sendto(liar->get(), lie.data(), lie.size(), 0, reinterpret_cast<const sockaddr*>(&caller), size);
    });
    EXPECT_TRUE(says(ask_at(server, question), *net::Ip::parse("10.99.9.9"))) << "it passes all the same";
    lying.join();
    EXPECT_EQ(learnt(), before) << server;
  }
  // A cache of this node at these addresses.
  void start_cache(const std::vector<std::string>& addresses) {
    std::vector<std::string> more = {"--bind-interfaces"};
    for (const std::string& address : addresses) {
      shell(kIpTool + std::string(" address add ") + address + "/32 dev lo");
      more.push_back("--listen-address=" + address);
    }
    nft(kUntracked);
    cache_ = Process(dnsmasq(kLongTtl, more));
  }

  Process cache_;
};

TEST_F(LiveNamesFaces, AServiceThatNftRewrites) {
  start_believing(kObjects);
  nft(kRewrite);
  expect_taught_at(kClusterDnsAddress, 100);
  expect_taught_at(kServer, 200);
  expect_nothing_taught_at(kOtherAddress, 300);
  expect_nothing_taught_at(kLiar, 301);
  EXPECT_EQ(names().facts().answers_unheld(), 0u);
}

TEST_F(LiveNamesFaces, AServiceThatIpvsRewrites) {
  if (!has_ipvs() || ::access(kIpvsadm, X_OK) != 0)
    GTEST_SKIP() << (has_ipvs() ? std::string("needs ") + kIpvsadm : "this kernel has no IPVS");
  start_believing(kObjects);
  shell("echo 1 >/proc/sys/net/ipv4/vs/conntrack");
  shell(kIpTool + std::string(" address add 10.96.0.10/32 dev lo && ") + kIpTool +
        " address add 10.96.0.66/32 dev lo");
  for (const auto& [service, server] : {std::pair("10.96.0.10", kServer), {"10.96.0.66", kLiar}})
    for (const char* protocol : {"u", "t"})
      shell(std::string(kIpvsadm) + " -A -" + protocol + " " + service + ":53 -s rr && " + kIpvsadm +
            " -a -" + protocol + " " + service + ":53 -r " + server + ":53 -m");
  expect_taught_at(kClusterDnsAddress, 100);
  expect_taught_at(kServer, 200);
  expect_nothing_taught_at(kOtherAddress, 300);
  expect_nothing_taught_at(kLiar, 301);
  shell(std::string(kIpvsadm) + " -C");
}

TEST_F(LiveNamesFaces, ACacheOfTheNodeThatNobodyTracks) {
  start_believing(std::string(kObjects) + kCachePod);
  start_cache({kCacheAddress, kClusterDnsAddress});
  in_force();
  expect_answers_at(kCacheAddress);
  expect_taught_at(kCacheAddress, 100);
  expect_taught_at(kClusterDnsAddress, 200);
  expect_nothing_taught_at(kLiar, 301);
}

TEST_F(LiveNamesFaces, ACacheThatNoPodRunsIsNotBelieved) {
  start_believing(kObjects);
  start_cache({kCacheAddress});
  expect_answers_at(kCacheAddress);
  EXPECT_TRUE(says(ask_at(kCacheAddress, {100, numbered(100)}), address_of(100, net::Family::kIpv4)));
  EXPECT_EQ(learnt(), std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice::live
