// Which addresses a probe means, and which probes make no sense (semantics 2 and 30).
#include "tests/unit/reference/rows.h"

namespace sluice::reference {
namespace {

using namespace oracle::build;
using model::PodPhase;
using net::Family;

Probe over(Family family, Probe probe) {
  return probe.family = family, probe;
}

model::Cluster world() {
  return cluster(pod("a/dual", {"10.0.0.1", "fd00::1"}), pod("a/six-first", {"fd00::2", "10.0.0.2"}),
                 pod("a/four", "10.0.0.3"), pod("a/six", "fd00::4"), pod("a/no-ip"),
                 pod("a/done", "10.0.0.5").in_phase(PodPhase::kSucceeded),
                 pod("a/old", {"10.0.0.6", "fd00::6"}).created_at(1), pod("a/new", "10.0.0.6").created_at(2),
                 pod("a/lost", "10.0.0.3").created_at(-1), pod("a/host", "192.168.1.1").on_host_network());
}

struct Meaning {
  const char* because;
  Probe probe;
  const char* means;  // "from to protocol", or the start of the error
};
const Meaning kMeanings[] = {
    {"the first family of the source's", tcp("a/dual", "a/six-first", 80), "10.0.0.1 10.0.0.2 TCP"},
    {"the source's order, not the destination's", tcp("a/six-first", "a/dual", 80), "fd00::2 fd00::1 TCP"},
    {"that the destination has too", tcp("a/dual", "a/six", 80), "fd00::1 fd00::4 TCP"},
    {"family chooses", over(Family::kIpv6, tcp("a/dual", "a/six-first", 80)), "fd00::1 fd00::2 TCP"},
    {"an address has one family", tcp("a/dual", "2001:db8::1", 80), "fd00::1 2001:db8::1 TCP"},
    {"ICMP over IPv6 is ICMPv6", probe("a/six", "a/dual", net::kIcmp), "fd00::4 fd00::1 ICMPv6"},
    {"a pod that lost one address has the other", tcp("a/old", "a/dual", 80), "fd00::6 fd00::1 TCP"},
    {"a hostNetwork pod is its node's address", tcp("a/host", "a/four", 80), "192.168.1.1 10.0.0.3 TCP"},
    {"no common family", tcp("a/four", "a/six", 80), "a/four and a/six have no address family in common"},
    {"two addresses of two families", tcp("192.0.2.1", "2001:db8::1", 80),
     "192.0.2.1 and 2001:db8::1 have no"},
    {"a family that one end lacks", over(Family::kIpv6, tcp("a/dual", "a/four", 80)),
     "a/four has no IPv6 address"},
    {"unknown", tcp("a/nobody", "a/four", 80), "from: no pod a/nobody"},
    {"finished", tcp("a/four", "a/done", 80), "to: pod a/done has finished"},
    {"without an IP", tcp("a/no-ip", "a/four", 80), "from: pod a/no-ip has no IP"},
    {"all addresses lost to a later pod", tcp("a/lost", "a/six", 80),
     "from: pod a/lost has lost its IP to a later pod: probe a/four"},
    {"TCP without a port", probe("a/dual", "a/four", net::kTcp), "a TCP probe needs a port"},
    {"port 0", tcp("a/dual", "a/four", 0), "a TCP probe needs a port"},
    {"ICMP with a port", probe("a/dual", "a/four", net::kIcmp, 1), "protocol ICMP has no ports"},
    {"another protocol with a port", probe("a/dual", "a/four", net::Protocol(89), 1),
     "protocol 89 has no ports"},
};

TEST(Probe, Means) {
  const model::Cluster cluster = world();
  const model::PodAddresses addresses(cluster);
  for (const Meaning& row : kMeanings) {
    auto resolved = model::resolve(cluster, addresses, row.probe);
    std::string text = resolved ? resolved->from.ip.to_text() + " " + resolved->to.ip.to_text() + " " +
                                      resolved->protocol.to_text()
                                : resolved.error().message().substr(0, std::string(row.means).size());
    EXPECT_EQ(text, row.means) << row.because;
  }
}

TEST(Probe, AnAddressOfAPodIsThatPod) {
  const model::Cluster cluster = world();
  const model::PodAddresses addresses(cluster);
  auto resolved = model::resolve(cluster, addresses, tcp("10.0.0.6", "10.0.0.5", 80));
  ASSERT_TRUE(resolved.ok());
  ASSERT_NE(resolved->from.pod, nullptr);
  EXPECT_EQ(resolved->from.pod->name.to_text(), "a/new");
  EXPECT_EQ(resolved->to.pod, nullptr) << "a finished pod's address is plain";
}

TEST(Probe, PartiesAndProtocolsAreParsed) {
  EXPECT_EQ(to_text(model::parse_party("prod/web").value()), "prod/web");
  EXPECT_EQ(to_text(model::parse_party("fd00:0::1").value()), "fd00::1");
  for (const char* wrong : {"", "web", "prod/", "/web", "a/b/c", "10.0.0.256"})
    EXPECT_FALSE(model::parse_party(wrong).ok()) << wrong;
  EXPECT_EQ(model::parse_probe_protocol("ICMP").value(), net::kIcmp);
  EXPECT_EQ(model::parse_probe_protocol("6").value(), net::kTcp);
  EXPECT_EQ(model::parse_probe_protocol("255").value().number(), 255);
  for (const char* wrong : {"", "tcp", "256", "-1", "6x"})
    EXPECT_FALSE(model::parse_probe_protocol(wrong).ok()) << wrong;
}

}  // namespace
}  // namespace sluice::reference
