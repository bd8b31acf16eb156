// Sources and what is cut off: semantics 26 and 38. The pod prod/web on node n1 has been given 192.0.2.0/24
// and 10.0.0.0/28, its namespace 2001:db8::/32; prod/db is another pod.
#include "tests/unit/reference/rows.h"

namespace sluice::reference {
namespace {

using namespace oracle::build;
using model::Direction;

model::Cluster world(const PolicyBuilder& web_policy) {
  model::Namespace prod = ns("prod");
  prod.source_prefixes = {cidr("2001:db8::/32")};
  return cluster(pod("prod/web", {"10.0.0.1", "fd00::1"})
                     .label("app", "web")
                     .on("n1")
                     .sends_from({"192.0.2.0/24", "10.0.0.0/28"}),
                 pod("prod/db", {"10.0.0.2", "fd00::2"}), node("n1", {"192.0.2.9", "fe80::1"}), prod,
                 web_policy);
}
PolicyBuilder to_db_alone() {
  return policy("prod/p").selects({{"app", "web"}}).egress(rule().to(block("10.0.0.2/32")));
}
PolicyBuilder inbound_alone() {
  return policy("prod/p").selects({{"app", "web"}});
}

struct SourceRow {
  const char* because;
  const char *source, *to;
  Verdict isolated, open;  // isolated: for egress, to prod/db alone
};

TEST(Sources, Rows) {
  const Verdict yes = Verdict::kAllow, no = Verdict::kDeny;
  const SourceRow rows[] = {
      {"its own", "10.0.0.1", "10.0.0.2", yes, yes},
      {"its own, as far as its rules go", "10.0.0.1", "8.8.8.8", no, yes},
      {"nobody's", "198.51.100.1", "10.0.0.2", no, no},
      {"a prefix of the pod's, judged as its own", "192.0.2.1", "10.0.0.2", yes, yes},
      {"a prefix of the pod's, judged as its own: not allowed", "192.0.2.1", "8.8.8.8", no, yes},
      {"beside it", "192.0.3.0", "10.0.0.2", no, no},
      {"a prefix of its namespace's", "2001:db8::7", "fd00::2", no, yes},
      {"another pod's address in a prefix", "10.0.0.2", "10.0.0.2", no, no},
      {"no pod's address in a prefix", "10.0.0.3", "10.0.0.2", yes, yes},
      {"the node's address in a prefix", "192.0.2.9", "10.0.0.2", no, no},
      {"any link-local one, to its node", "fe80::77", "fe80::1", yes, yes},
      {"any link-local one, to others of the link", "febf::77", "fe80::2", no, yes},
      {"any link-local one, to multicast of the link", "fe80::77", "ff02::1:2", no, yes},
      {"no link-local one, to multicast of the site", "fe80::77", "ff05::2", no, no},
      {"no link-local one, beyond the link", "fe80::77", "fd00::2", no, no},
      {"not the node's link-local one", "fe80::1", "fe80::2", no, no},
      {"none at all", "::", "fd00::2", no, no},
      {"none at all, IPv4", "0.0.0.0", "10.0.0.2", no, no},
  };
  const model::Cluster isolated = world(to_db_alone()), open = world(inbound_alone());
  for (const SourceRow& row : rows) {
    const Sending sending{{"prod", "web"}, ip(row.source), ip(row.to), net::kUdp, number(53)};
    EXPECT_EQ(Reference(isolated).evaluate(sending), row.isolated) << row.because << ", isolated";
    EXPECT_EQ(Reference(open).evaluate(sending), row.open) << row.because << ", open";
  }
}

const Row kCutOff[] = {
    {"26: an IPv6 packet that ends in the header it announces", world(inbound_alone().ingress(rule())),
     probe("fd00::2", "prod/web", net::Protocol(43)), "none deny"},
    {"26: whoever sends it", world(inbound_alone().ingress(rule())),
     probe("fe80::1", "prod/web", net::Protocol(0)), "none deny"},
    {"26: not where nothing isolates the pod", world(inbound_alone()),
     probe("fd00::1", "prod/db", net::Protocol(140)), "none none"},
    {"26: in IPv4 it is a protocol", world(inbound_alone().ingress(rule())),
     probe("10.0.0.2", "prod/web", net::Protocol(51)), "none allow"},
    {"26: ESP and no next header are none", world(inbound_alone().ingress(rule())),
     probe("fd00::2", "prod/web", net::Protocol(59)), "none allow"},
};
INSTANTIATE_TEST_SUITE_P(CutOff, Semantics, ::testing::ValuesIn(kCutOff));

}  // namespace
}  // namespace sluice::reference
