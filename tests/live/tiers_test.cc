// Live: what a changed ClusterNetworkPolicy does to connections that are open (semantics 23, 69): those that it denies
// stop, and no other loses a packet.
#include <fstream>

#include "tests/live/crowd.h"
#include "tests/live/live_fixture.h"

namespace sluice::live {
namespace {

using Pod = model::ObjectName;

constexpr char kWritten[] = "/run/written.yaml";
constexpr uint16_t kFirstPort = 8000;
constexpr int kPorts = 42;
constexpr size_t kAtLeast = 1000;
const Pod kCallers[] = {{"shop", "frontend-1"}, {"shop", "frontend-2"}, {"shop", "database-0"}},
          kCalled[] = {{"shop", "api-1"}, {"shop", "api-2"}};

// Of the api's ingress, tier Admin.
std::string policy(const std::string& name, int priority, const std::string& rule) {
  return "---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: " +
         name + "}\nspec: {tier: Admin, priority: " + std::to_string(priority) +
         ", subject: {pods: {podSelector: {matchLabels: {role: api}}}}, ingress: [" + rule + "]}\n";
}
const char kDenyFrontends[] =
    "{action: Deny, from: [{pods: {podSelector: {matchLabels: {role: frontend}}}}], protocols: ["
    "{tcp: {destinationPort: {range: {start: 8000, end: 8004}}}}, {udp: {destinationPort: {number: 8041}}}]}";
const char kAcceptFrontends[] =
    "{action: Accept, from: [{pods: {podSelector: {matchLabels: {role: frontend}}}}], protocols: ["
    "{tcp: {destinationPort: {range: {start: 8010, end: 8014}}}}, "
    "{udp: {destinationPort: {range: {start: 8010, end: 8014}}}}]}";
const char kDenyShop[] =
    "{action: Deny, from: [{namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}}], protocols: ["
    "{tcp: {destinationPort: {range: {start: 8012, end: 8016}}}}, "
    "{udp: {destinationPort: {range: {start: 8012, end: 8016}}}}]}";

const char kDenyNobody[] =
    "{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 9}}}]}";

struct Conversation {
  model::Probe probe;
  Stream stream;
  bool denied = false;
};

class LiveTiers : public Live {
 protected:
  void open_all() {
    const model::Cluster world = cluster();
    const model::PodAddresses addresses(world);
    for (const Pod& from : kCallers)
      for (const Pod& to : kCalled)
        for (const net::Protocol protocol : {net::kTcp, net::kUdp})
          for (const net::Family family : {net::Family::kIpv4, net::Family::kIpv6})
            for (int i = 0; i < kPorts; ++i) {
              const model::Probe probe{from, to, family, protocol,
                                       net::Port::from_host(static_cast<uint16_t>(kFirstPort + i))};
              const auto resolved = model::resolve(world, addresses, probe);
              ASSERT_TRUE(resolved) << resolved.error().message();
              const SocketAt at{resolved->to.ip, probe.port->host()};
              auto stream = Stream::open(netns_of(from), netns_of(to), at, at, kBeatMilliseconds, protocol);
              ASSERT_TRUE(stream) << to_text(probe) << ": " << stream.error().message();
              conversations_.push_back({probe, std::move(*stream)});
            }
    ASSERT_GE(conversations_.size(), kAtLeast);
  }

  // The folder holds these policies from now on, all at once. `denied`: how many they deny.
  void change_to(const std::string& policies, size_t denied, const char* when) {
    const std::vector<bool> before = denied_ones();
    std::ofstream(kWritten) << policies;
    judge();
    const std::vector<bool> after = denied_ones();
    ASSERT_EQ(static_cast<size_t>(std::count(after.begin(), after.end(), true)), denied) << when;
    std::vector<Crowd::Member> tcp, udp;  // all that go on
    for (size_t i = 0; i < conversations_.size(); ++i) {
      Conversation& one = conversations_[i];
      if (!before[i] && !after[i])
        (one.probe.protocol == net::kTcp ? tcp : udp).push_back({to_text(one.probe), &one.stream});
    }
    Crowd tcp_crowd(std::move(tcp), kBeatMilliseconds), udp_crowd(std::move(udp), kBeatMilliseconds);
    for (const Crowd* crowd : {&tcp_crowd, &udp_crowd}) crowd->wait_for(1);
    fs::rename(kWritten, std::string(kManifests) + "/tiers.yaml");
    in_force();
    for (size_t i = 0; i < conversations_.size(); ++i)
      if (after[i]) expect_beat(conversations_[i], 0, when);
    for (const Crowd* crowd : {&tcp_crowd, &udp_crowd}) crowd->wait_for(1);
    for (Crowd* crowd : {&tcp_crowd, &udp_crowd})
      EXPECT_EQ(crowd->stop(), std::vector<std::string>{}) << when;
    // What was sent to those that are stopped would have come by now; those that were go on where they stood.
    for (size_t i = 0; i < conversations_.size(); ++i)
      if (before[i] || after[i]) expect_beat(conversations_[i], after[i] ? 0 : kBeatMilliseconds, when);
  }

 private:
  static std::string netns_of(const Pod& pod) { return "/run/netns/sluice-" + pod.ns + "-" + pod.name; }

  // By the reference, of the demo with what is written.
  void judge() {
    const auto read = source::folder::read_manifests({kDemo / "base", kWritten});
    ASSERT_TRUE(read && read->problems.empty());
    reference::Reference reference(read->cluster);
    for (Conversation& one : conversations_)
      one.denied = reference.evaluate(one.probe)->verdict() == model::Verdict::kDeny;
  }
  std::vector<bool> denied_ones() const {
    std::vector<bool> all;
    for (const Conversation& one : conversations_) all.push_back(one.denied);
    return all;
  }
  static void expect_beat(Conversation& one, int milliseconds, const char* when) {
    EXPECT_EQ(one.stream.beat(milliseconds), !one.denied) << to_text(one.probe) << ", " << when;
  }

  std::vector<Conversation> conversations_;
};

TEST_F(LiveTiers, OfAThousandConnectionsAChangeStopsThoseThatItDenies) {
  up(lab::Topology::kRouted);
  open_all();
  const std::string deny = policy("deny", 5, kDenyFrontends);
  change_to(deny, 48, "a Deny is added");
  change_to(deny + policy("accept", 10, kAcceptFrontends) + policy("shop", 20, kDenyShop), 48 + 72,
            "an Accept and a wider Deny after it");
  change_to(deny + policy("accept", 20, kAcceptFrontends) + policy("shop", 10, kDenyShop), 48 + 120,
            "their priorities are swapped");
  change_to(deny + policy("accept", 10, kAcceptFrontends) + policy("shop", 20, kDenyShop), 48 + 72,
            "and swapped again");
  change_to(policy("deny", 5, kDenyNobody), 0, "a Deny of none of them is all that is left");
}

}  // namespace
}  // namespace sluice::live
