// LiveNames: a node whose pods may go nowhere but to names, with a DNS server (dnsmasq), a web server that has thousands of
// addresses, and a host that nobody believes. Names r1.shop.test, r2.shop.test, and so on have an address each.
#pragma once

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "agent/base/default_socket.h"
#include "agent/control/client.h"
#include "tests/live/dns_client.h"
#include "tests/live/live_fixture.h"

namespace sluice::live {

constexpr char kDnsmasq[] = "/usr/sbin/dnsmasq", kNsenter[] = "/usr/bin/nsenter", kIpTool[] = "/sbin/ip";
constexpr char kDnsNetns[] = "/run/netns/sluice-outside-dns", kWebNetns[] = "/run/netns/sluice-outside-web",
               kLiarNetns[] = "/run/netns/sluice-outside-liar",
               kSpooferNetns[] = "/run/netns/sluice-evil-spoofer";
constexpr char kServer[] = "10.77.0.53", kServer6[] = "fd77::53", kWeb[] = "10.77.0.9", kWeb6[] = "fd77::9",
               kLiar[] = "10.77.0.66", kSpoofer[] = "10.244.1.99";
constexpr char kKnown[] = "www.shop.test";  // has the addresses of the web server
constexpr int kClients = 8;
constexpr uint32_t kMostNames = 20'000;
constexpr int kPatience = 5000;  // milliseconds, for what is sure to come
constexpr auto kSoonEnough = std::chrono::seconds(20);

inline std::string netns_of_client(int client) {
  return "/run/netns/sluice-shop-client-" + std::to_string(client);
}
inline net::Ip address_of_client(int client) {
  return *net::Ip::parse("10.244.1." + std::to_string(11 + client));
}
inline std::string numbered(uint32_t number) {
  return "r" + std::to_string(number) + ".shop.test";
}
// The address that a numbered name has.
inline net::Ip address_of(uint32_t number, net::Family family) {
  char text[40];
  std::snprintf(text, sizeof text, family == net::Family::kIpv4 ? "10.99.%u.%u" : "fd99::%x:%x", number >> 8,
                number & 255);
  return *net::Ip::parse(text);
}

// What it prints to its standard output.
inline std::string printed(const std::string& command) {
  if (run({"/bin/sh", "-c", command + " >/run/printed"}) != 0) return "failed: " + command;
  std::ifstream in("/run/printed");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

class LiveNames : public Live {
 protected:
  // ttl 0: no DNS server.
  void up(uint32_t ttl) {
    fs::remove_all(kManifests);
    fs::create_directories(kManifests);
    write_pods();
    write_policy("\"*.shop.test\"");
    up_with(cluster(), ttl);
  }
  // Of what is in the folder already, with these pods.
  void up_with(const model::Cluster& pods, uint32_t ttl) {
    lab::Options options;
    for (const char* outside : {"dns=10.77.0.53,fd77::53", "web=10.77.0.9,fd77::9", "liar=10.77.0.66"})
      options.outside.push_back(*lab::parse_outside(outside));
    auto hosts = lab::up(pods, options);
    ASSERT_TRUE(hosts) << hosts.error().message();
    for (const lab::Host& host : *hosts)
      if (host.name.name == "web") give_addresses(host.host_ifname);
    if (ttl > 0) start_dns(ttl);
  }
  void TearDown() override {
    dns_.end(SIGTERM);
    Live::TearDown();
  }

  void start(std::vector<std::string> more = {}) {
    for (const char* word : {"--dns-server", kServer, "--dns-server", kServer6, "--dns-grace", "1"})
      more.push_back(word);
    start_agent(std::move(more));
  }
  static bool has_dnsmasq() { return ::access(kDnsmasq, X_OK) == 0; }

  // Clients may ask the server and the liar, go to these names, and nowhere else.
  static void write_policy(const std::string& names) {
    write("names.yaml",
          "{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: "
          "names}, spec: {"
          "tier: Admin, priority: 10, subject: {namespaces: {matchLabels: {team: shop}}}, egress: [\n"
          "{action: Accept, to: [{networks: [10.77.0.53/32, 10.77.0.66/32, \"fd77::53/128\"]}], protocols: ["
          "{udp: {destinationPort: {number: 53}}}, {tcp: {destinationPort: {number: 53}}}]},\n"
          "{action: Accept, to: [{domainNames: [" +
              names +
              "]}]},\n"
              "{action: Deny, to: [{networks: [0.0.0.0/0, \"::/0\"]}]}]}}\n");
  }
  static void write(const std::string& file, const std::string& text) {
    std::ofstream("/run/written.yaml") << text;
    fs::rename("/run/written.yaml", std::string(kManifests) + "/" + file);
  }

  // A DNS server that knows the names of /run/hosts.
  static std::vector<std::string> dnsmasq(uint32_t ttl, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {kDnsmasq,
                                      "--keep-in-foreground",
                                      "--user=root",
                                      "--conf-file=/dev/null",
                                      "--pid-file=",
                                      "--no-resolv",
                                      "--no-hosts",
                                      "--addn-hosts=/run/hosts",
                                      "--local=/test/",
                                      "--local-ttl=" + std::to_string(ttl),
                                      "--dns-forward-max=1000",
                                      "--log-facility=/run/dnsmasq.log"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  // Waits until it does.
  static void expect_answers_at(const char* server) {
    const Question question{1, kKnown};
    for (const auto end = std::chrono::steady_clock::now() + kSoonEnough;
         std::chrono::steady_clock::now() < end;)
      if (says(within_client(0, [&] { return ask_by_udp(*net::Ip::parse(server), question, 500); }),
               *net::Ip::parse(kWeb)))
        return;
    FAIL() << "dnsmasq does not answer: see what it says with --log-facility=-";
  }

  // The answer of the server to a client, by UDP.
  static Message ask(int client, const Question& question) {
    return within_client(client, [&] { return ask_by_udp(*net::Ip::parse(kServer), question, kPatience); });
  }
  template <typename F>
  static Message within_client(int client, F&& fn) {
    const auto netns = endpoint::Netns::open(netns_of_client(client));
    if (!netns) return {};
    const auto got = endpoint::within(*netns, [&]() -> base::Result<Message> { return fn(); });
    return got ? *got : Message{};
  }

  static v1::NamesReply names() {
    const auto reply = control::Client(base::kDefaultSocket).names();
    EXPECT_TRUE(reply) << reply.error().message();
    return reply ? *reply : v1::NamesReply();
  }
  // "name address" of all that opens connections.
  static std::vector<std::string> learnt() {
    std::vector<std::string> all;
    const v1::NamesReply reply = names();
    for (const v1::LearntName& name : reply.names())
      for (const v1::LearntAddress& address : name.addresses())
        if (address.seconds_left() > 0) all.push_back(name.name() + " " + address.address());
    return all;
  }
  // Packets of these pods that were denied on their way out.
  static uint64_t denied(const std::string& ns = "shop") {
    const auto reply = control::Client(base::kDefaultSocket).endpoints();
    EXPECT_TRUE(reply) << reply.error().message();
    uint64_t packets = 0;
    if (reply)
      for (const v1::Endpoint& endpoint : reply->endpoints())
        if (endpoint.namespace_() == ns) packets += endpoint.denied_packets_egress();
    return packets;
  }
  // One number of /metrics, by the beginning of its line.
  static double metric(const std::string& series) {
    const auto reply = control::Client(base::kDefaultSocket).metrics();
    EXPECT_TRUE(reply) << reply.error().message();
    const size_t at = reply ? reply->text().find("\n" + series + " ") : std::string::npos;
    EXPECT_NE(at, std::string::npos) << series;
    return at == std::string::npos ? -1 : std::stod(reply->text().substr(at + series.size() + 2));
  }
  static uint64_t event(const std::string& outcome) {
    return static_cast<uint64_t>(metric("sluice_names_messages_total{outcome=\"" + outcome + "\"}"));
  }

 private:
  static void write_pods() {
    std::string text =
        "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: shop}}}\n---\n"
        "{apiVersion: v1, kind: Namespace, metadata: {name: evil}}\n";
    const auto add = [&](const std::string& ns, const std::string& name, const std::string& ips) {
      text += "---\n{apiVersion: v1, kind: Pod, metadata: {name: " + name + ", namespace: " + ns +
              "}, spec: {nodeName: node-1}, status: {phase: Running, podIPs: [" + ips + "]}}\n";
    };
    for (int i = 0; i < kClients; ++i)
      add("shop", "client-" + std::to_string(i),
          "{ip: 10.244.1." + std::to_string(11 + i) + "}, {ip: \"fd00:10:244:1::" + std::to_string(11 + i) +
              "\"}");
    add("evil", "spoofer", std::string("{ip: ") + kSpoofer + "}");
    write("pods.yaml", text);
  }
  // All of 10.99.0.0/16 and fd99::/64 is the web server.
  static void give_addresses(const std::string& to_web) {
    for (const char* route : {"route add 10.99.0.0/16 via 10.77.0.9 onlink dev ",
                              "-6 route add fd99::/64 via fd77::9 onlink dev "})
      ASSERT_EQ(run({"/bin/sh", "-c", kIpTool + std::string(" ") + route + to_web}), 0);
    for (const char* route : {"route add local 10.99.0.0/16 dev lo", "-6 route add local fd99::/64 dev lo"})
      ASSERT_EQ(run({"/bin/sh", "-c", kIpTool + std::string(" -n sluice-outside-web ") + route}), 0);
  }
  void start_dns(uint32_t ttl) {
    std::ofstream hosts("/run/hosts");
    hosts << kWeb << " " << kKnown << "\n" << kWeb6 << " " << kKnown << "\n";
    for (uint32_t i = 1; i < kMostNames; ++i)
      for (const net::Family family : {net::Family::kIpv4, net::Family::kIpv6})
        hosts << address_of(i, family).to_text() << " " << numbered(i) << "\n";
    hosts.close();
    std::vector<std::string> words = dnsmasq(ttl);
    words.insert(words.begin(), {kNsenter, std::string("--net=") + kDnsNetns});
    dns_ = Process(std::move(words));
    expect_answers_at(kServer);
  }

  Process dns_;
};

}  // namespace sluice::live
