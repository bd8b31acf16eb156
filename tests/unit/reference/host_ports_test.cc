// Host ports (semantics 21).
#include "tests/unit/reference/service_world.h"

namespace sluice::reference {
namespace {

class HostPorts : public Semantics {};
TEST_P(HostPorts, Row) {
  expect_row(GetParam());
}

// prod/a and prod/b are on n2: a host port of theirs is nothing to prod/web, one of prod/h on n1 is.
PodBuilder here(Texts addresses = {"10.0.0.13", "fd00::13"}) {
  return pod("prod/h", addresses).label("name", "h").on("n1");
}
RuleBuilder to_h() {
  return rule().to(pods({{"name", "h"}}));
}
// prod/web may reach prod/h at 8080, and asks for this address of its node.
Row host_row(std::string because, PodBuilder with_host_port, const char* address, const char* sides) {
  return {std::move(because), world(std::move(with_host_port), may().egress(to_h().tcp(8080))),
          to(address, 8888), sides};
}

const Row kHostPorts[] = {
    {"21: a host port of the own node is judged by its pod, at the container's port",
     world(here().host_port(8888, 8080), may().egress(to_h().tcp(8080))),
     to("192.168.1.1", 8888),
     "allow none",
     {"prod/p:egress[0]"}},
    {"21: and not by the node's", world(here().host_port(8888, 8080), may().egress(to_h().tcp(8888))),
     to("192.168.1.1", 8888), "deny none"},
    {"21: nor by rule 17", world(here().host_port(8888, 8080), may()), to("192.168.1.1", 8888), "deny none"},
    {"21: the address as it stands",
     world(here().host_port(8888, 8080), may().egress(rule().to(block("192.168.1.1/32")).tcp(8888))),
     to("192.168.1.1", 8888), "allow none"},
    {"21: source not isolated", world(here().host_port(8888, 8080)), to("192.168.1.1", 8888), "none none"},
    {"21: another port of the node is rule 17's", world(here().host_port(8888, 8080), may()),
     to("192.168.1.1", 8080), "allow none"},
    {"21: another protocol is rule 17's", world(here().host_port(8888, 8080), may()),
     probe("prod/web", "192.168.1.1", net::kUdp, 8888), "allow none"},
    {"21: a UDP host port",
     world(here().host_port(53, 5353, nullptr, net::kUdp), may().egress(to_h().udp(5353))),
     probe("prod/web", "192.168.1.1", net::kUdp, 53), "allow none"},
    {"21: the host port of another node's pod, there: a plain address",
     world(here().on("n2").host_port(8888, 8080), may().egress(to_h())), to("192.168.1.2", 8888),
     "deny none"},
    {"21: the host port of another node's pod, here: nothing, so rule 17's",
     world(here().on("n2").host_port(8888, 8080), may()), to("192.168.1.1", 8888), "allow none"},
    {"21: of a pod on no node: nothing", world(here().on("").host_port(8888, 8080), may()),
     to("192.168.1.1", 8888), "allow none"},
    host_row("21: in both families", here().host_port(8888, 8080), "fd01::1", "allow none"),
    {"21: a hostIP of the node, there", world(here().host_port(8888, 8080, "192.168.1.1"), may()),
     to("192.168.1.1", 8888), "deny none"},
    {"21: and at its other address rule 17's", world(here().host_port(8888, 8080, "192.168.1.1"), may()),
     to("fd01::1", 8888), "allow none"},
    {"21: a hostIP that is another node's: a plain address there",
     world(here().host_port(8888, 8080, "192.168.1.2"), may().egress(to_h())), to("192.168.1.2", 8888),
     "deny none"},
    {"21: hostIP 0.0.0.0 is IPv4", world(here().host_port(8888, 8080, "0.0.0.0"), may()),
     to("192.168.1.1", 8888), "deny none"},
    {"21: hostIP 0.0.0.0 is not IPv6", world(here().host_port(8888, 8080, "0.0.0.0"), may()),
     to("fd01::1", 8888), "allow none"},
    {"21: hostIP :: is IPv6", world(here().host_port(8888, 8080, "::"), may()), to("fd01::1", 8888),
     "deny none"},
    {"21: hostIP :: is not IPv4", world(here().host_port(8888, 8080, "::"), may()), to("192.168.1.1", 8888),
     "allow none"},
    {"21: a family that its pod lacks: a plain address",
     world(here({"10.0.0.13"}).host_port(8888, 8080), may()), to("fd01::1", 8888), "allow none"},
    {"21: a hostNetwork pod's is nothing rewritten",
     world(here({"192.168.1.1"}).on_host_network().host_port(8888, 8080), may()), to("192.168.1.1", 8888),
     "allow none"},
    {"21: a finished pod's is nothing",
     world(here().in_phase(PodPhase::kSucceeded).host_port(8888, 8080), may()), to("192.168.1.1", 8888),
     "allow none"},
    {"21: a terminating pod's still is", world(here().leaving().host_port(8888, 8080), may()),
     to("192.168.1.1", 8888), "deny none"},
    {"21: as is that of one that is not ready", world(here().not_ready().host_port(8888, 8080), may()),
     to("192.168.1.1", 8888), "deny none"},
    {"21: of one whose IP a later pod has taken: nothing",
     world(here().created_at(1).host_port(8888, 8080),
           pod("ops/new", {"10.0.0.13", "fd00::13"}).created_at(2), may()),
     to("192.168.1.1", 8888), "allow none"},
    {"21: rule 18 for the pod's own host port", world(web().host_port(8888, 80), may()),
     to("192.168.1.1", 8888), "allow none"},
    {"32: two pods' host port: both must be allowed",
     world(here().host_port(8888, 8080), pod("prod/i", "10.0.0.14").on("n1").host_port(8888, 8080),
           may().egress(to_h())),
     to("192.168.1.1", 8888), "deny none"},
    {"32: a node port that is a host port too",
     world(here().host_port(30080, 8080), api().port(80).node_port(30080), may().egress(to_h())),
     to("192.168.1.1", 30080), "deny none"},
    {"32: an external IP that is the node's, at a host port",
     world(here().host_port(80, 8080), service("prod/api", "192.168.1.1").selects({{"app", "api"}}).port(80),
           may().egress(to_h())),
     to("192.168.1.1", 80), "deny none"},
    {"21: from an address that is no pod: nobody's side", world(here().host_port(8888, 8080), may()),
     tcp("192.0.2.1", "192.168.1.1", 8888), "none none"},
};
INSTANTIATE_TEST_SUITE_P(Rows, HostPorts, ::testing::ValuesIn(kHostPorts));

}  // namespace
}  // namespace sluice::reference
