// Services: semantics 21 and 22. The source is prod/web on node n1, isolated for egress; prod/a and prod/b
// serve.
#include "tests/unit/oracle/rows.h"

namespace sluice::oracle {
namespace {

using namespace build;
using model::Direction;
using model::PodPhase;

PodBuilder web() {
  return pod("prod/web", {"10.0.0.1", "fd00::1"}).label("app", "web").on("n1");
}
PodBuilder server(const char* name, Texts addresses) {
  return pod(name, addresses).label("app", "api").on("n2").port("http", 8080);
}
PodBuilder a() {
  return server("prod/a", {"10.0.0.11", "fd00::11"}).label("name", "a");
}
PodBuilder b() {
  return server("prod/b", {"10.0.0.12", "fd00::12"}).label("name", "b");
}
ServiceBuilder api() {
  return service("prod/api", "10.96.0.1").selects({{"app", "api"}});
}
PolicyBuilder may() {
  return policy("prod/p").selects({{"app", "web"}}).types({Direction::kEgress});
}
RuleBuilder to_api() {
  return rule().to(pods({{"app", "api"}}));
}

template <typename... Objects>
model::Cluster world(const Objects&... more) {
  return cluster(web(), a(), b(), node("n1", {"192.168.1.1", "fd01::1"}), node("n2", {"192.168.1.2"}),
                 more...);
}
Probe to(const char* address, uint16_t port = 80) {
  return tcp("prod/web", address, port);
}

class Services : public Semantics {};
TEST_P(Services, Row) {
  expect_row(GetParam());
}

const Row kAddresses[] = {
    {"21: source not isolated", world(api().port(80)), to("10.96.0.1"), "none none"},
    {"21: nothing allows", world(api().port(80), may()), to("10.96.0.1"), "deny none"},
    {"21: its ClusterIP as an ipBlock",
     world(api().port(80), may().egress(rule().to(block("10.96.0.1/32")).tcp(80))),
     to("10.96.0.1"),
     "allow none",
     {"prod/p:egress[0]"}},
    {"21: a rule without peers at the service port",
     world(api().port(80, 8080), may().egress(rule().tcp(80))), to("10.96.0.1"), "allow none"},
    {"21: a rule without peers at the target port",
     world(api().port(80, 8080), may().egress(rule().tcp(8080))), to("10.96.0.1"), "allow none"},
    {"21: every endpoint at its target port",
     world(api().port(80, 8080), may().egress(to_api().tcp(8080))),
     to("10.96.0.1"),
     "allow none",
     {"prod/p:egress[0]"}},
    {"21: endpoints allowed at the service port alone",
     world(api().port(80, 8080), may().egress(to_api().tcp(80))), to("10.96.0.1"), "deny none"},
    {"21: some endpoints only: denied", world(api().port(80), may().egress(rule().to(pods({{"name", "a"}})))),
     to("10.96.0.1"), "deny none"},
    {"21: each endpoint by a rule of its own: both are named",
     world(api().port(80),
           may().egress(rule().to(pods({{"name", "a"}}))).egress(rule().to(block("10.0.0.12/32")))),
     to("10.96.0.1"),
     "allow none",
     {"prod/p:egress[0]", "prod/p:egress[1]"}},
    {"21: some endpoints and the address: only what allowed it is named",
     world(api().port(80),
           may().egress(rule().to(pods({{"name", "a"}}))).egress(rule().to(block("10.96.0.0/12")))),
     to("10.96.0.1"),
     "allow none",
     {"prod/p:egress[1]"}},
    {"21: a named port finds each endpoint's own number",
     world(api().port(80, 8080), may().egress(to_api().tcp("http"))), to("10.96.0.1"), "allow none"},
    {"21: but nothing at the address itself",
     world(api().port(8080), may().egress(rule().to(block("10.96.0.1/32")).tcp("http"))),
     to("10.96.0.1", 8080), "deny none"},
    {"21: an external IP",
     world(service("prod/api", {"10.96.0.1", "203.0.113.9"}).selects({{"app", "api"}}).port(80),
           may().egress(to_api())),
     to("203.0.113.9"), "allow none"},
    {"21: the other port of a Service",
     world(api().port(80, 8080).port(443, 8443), may().egress(to_api().tcp(8443))), to("10.96.0.1", 443),
     "allow none"},
    {"21: the protocol counts: UDP is not served, the address is plain",
     world(api().port(80), may().egress(to_api())), probe("prod/web", "10.96.0.1", net::kUdp, 80),
     "deny none"},
    {"21: a port that is not served: plain", world(api().port(80), may().egress(to_api())),
     to("10.96.0.1", 81), "deny none"},
    {"21: ICMP to a ClusterIP: plain", world(api().port(80), may().egress(to_api())),
     probe("prod/web", "10.96.0.1", net::kIcmp), "deny none"},
    {"21: a node port on the own node", world(api().port(80).node_port(30080), may().egress(rule().tcp(443))),
     to("192.168.1.1", 30080), "deny none"},
    {"21: is judged by its endpoints",
     world(api().port(80).node_port(30080), may().egress(to_api().tcp(80))),
     to("192.168.1.1", 30080),
     "allow none",
     {"prod/p:egress[0]"}},
    {"21: another port of the own node is rule 17's", world(api().port(80).node_port(30080), may()),
     to("192.168.1.1", 30081), "allow none"},
    {"21: the node port by another protocol is rule 17's", world(api().port(80).node_port(30080), may()),
     probe("prod/web", "192.168.1.1", net::kUdp, 30080), "allow none"},
    {"21: a family that the Service lacks is rule 17's", world(api().port(80).node_port(30080), may()),
     to("fd01::1", 30080), "allow none"},
    {"21: a node port of another node: a plain address",
     world(api().port(80).node_port(30080), may().egress(to_api())), to("192.168.1.2", 30080), "deny none"},
    {"21: a load-balancer IP that is the node's: not rule 17's at the service port",
     world(service("prod/api", {"10.96.0.1", "192.168.1.1"}).selects({{"app", "api"}}).port(80), may()),
     to("192.168.1.1"), "deny none"},
    {"21: rule 17 for an endpoint on the own node",
     world(service("prod/kubelet", "10.96.0.2").port(443),
           slice("prod/kubelet-1", "kubelet").port(10250).ready("192.168.1.1"), may()),
     to("10.96.0.2", 443), "allow none"},
    {"21: rule 18 for the pod itself as its only endpoint",
     world(service("prod/self", "10.96.0.2").selects({{"app", "web"}}).port(80), may()), to("10.96.0.2"),
     "allow none"},
    {"21: an IPv6 ClusterIP has IPv6 endpoints",
     world(service("prod/api", {"10.96.0.1", "fd02::1"}).selects({{"app", "api"}}).port(80),
           may().egress(rule().to(block("fd00::10/124")))),
     to("fd02::1"), "allow none"},
    {"21: from an address that is no pod: nobody's side", world(api().port(80), may()),
     tcp("192.0.2.1", "10.96.0.1", 80), "none none"},
    {"21: a pod's own IP served as an external IP: not rule 18's",
     world(service("prod/api", {"10.96.0.1", "10.0.0.1"}).selects({{"app", "api"}}).port(80), may()),
     to("10.0.0.1"), "deny none"},
    {"21: two Services on one address and port: the endpoints of both count",
     world(service("prod/s1", "203.0.113.9").selects({{"name", "a"}}).port(80),
           service("prod/s2", "203.0.113.9").selects({{"name", "b"}}).port(80),
           may().egress(rule().to(pods({{"name", "a"}})))),
     to("203.0.113.9"), "deny none"},
};
INSTANTIATE_TEST_SUITE_P(Addresses, Services, ::testing::ValuesIn(kAddresses));

SliceBuilder api_slice() {
  return slice("prod/api-1", "api").port(8080);
}
// prod/api served by this slice alone, and a policy that allows prod/a at 8080.
Row slice_row(std::string because, SliceBuilder endpoints, const char* sides) {
  return {
      std::move(because),
      world(api().port(80), std::move(endpoints), may().egress(rule().to(pods({{"name", "a"}})).tcp(8080))),
      to("10.96.0.1"), sides};
}

const Row kEndpoints[] = {
    {"22: no endpoints: the rules for the address itself",
     world(api().port(80).selects({{"app", "none"}}), may().egress(rule().to(block("10.96.0.1/32")))),
     to("10.96.0.1"), "allow none"},
    {"22: no endpoints: nothing else",
     world(api().port(80).selects({{"app", "none"}}), may().egress(rule().to(namespaces({})))),
     to("10.96.0.1"), "deny none"},
    slice_row("22: the slice decides, not the selector", api_slice().ready("10.0.0.11"), "allow none"),
    slice_row("22: ready ones all count", api_slice().ready("10.0.0.11").ready("10.0.0.12"), "deny none"),
    slice_row("22: one that is not ready does not", api_slice().ready("10.0.0.11").not_ready("10.0.0.12"),
              "allow none"),
    slice_row("22: none ready: those that still serve while they leave",
              api_slice().leaving("10.0.0.11").not_ready("10.0.0.12"), "allow none"),
    slice_row("22: one ready: nobody who leaves", api_slice().ready("10.0.0.11").leaving("10.0.0.12"),
              "allow none"),
    slice_row("22: only not-ready ones: no endpoints", api_slice().not_ready("10.0.0.11"), "deny none"),
    slice_row("22: an empty slice is a slice: no endpoints", api_slice(), "deny none"),
    slice_row("22: the slice's port is matched by the Service port's name",
              slice("prod/api-1", "api").port(8080, "other").ready("10.0.0.11"), "deny none"),
    slice_row("22: the slice's number counts", slice("prod/api-1", "api").port(8081).ready("10.0.0.11"),
              "deny none"),
    slice_row("22: an IPv6 slice gives an IPv4 address no endpoints", api_slice().ready("fd00::11"),
              "deny none"),
    {"22: a slice of another namespace is not this Service's",
     world(api().port(80, 8080), slice("ops/api-1", "api").port(9).ready("192.0.2.1"),
           may().egress(to_api())),
     to("10.96.0.1"), "allow none"},
    {"22: named slice ports: each Service port its own",
     world(api().named_port("web", 80, std::string("http")).named_port("admin", 81, number(9000)),
           slice("prod/api-1", "api").port(8080, "web").port(9000, "admin").ready("10.0.0.11"),
           may().egress(to_api().tcp(9000))),
     to("10.96.0.1", 81), "allow none"},
    {"22: an endpoint outside the cluster",
     world(service("prod/ext", "10.96.0.2").port(80), slice("prod/ext-1", "ext").port(80).ready("192.0.2.7"),
           may().egress(rule().to(block("192.0.2.0/24")))),
     to("10.96.0.2"), "allow none"},
    {"22: by selector: a pod whose Ready condition is False is none",
     world(api().port(80), server("prod/c", {"10.0.0.13"}).not_ready().label("app", "api"),
           may().egress(rule().to(block("10.0.0.11/32")).to(block("10.0.0.12/32")))),
     to("10.96.0.1"), "allow none"},
    {"22: nor one that has finished",
     world(api().port(80), server("prod/c", {"10.0.0.13"}).in_phase(PodPhase::kFailed),
           may().egress(rule().to(block("10.0.0.11/32")).to(block("10.0.0.12/32")))),
     to("10.96.0.1"), "allow none"},
    {"22: nor one of another namespace",
     world(api().port(80), server("ops/c", {"10.0.0.13"}), may().egress(to_api())), to("10.96.0.1"),
     "allow none"},
    {"22: nor one that lost its IP to a later pod",
     world(api().port(80), pod("prod/old", "10.0.0.99").label("app", "api").created_at(1),
           pod("ops/new", "10.0.0.99").created_at(2), may().egress(to_api())),
     to("10.96.0.1"), "allow none"},
    {"22: a hostNetwork backend counts, and selectors do not match it",
     world(api().port(80), server("prod/h", {"192.168.1.2"}).on_host_network(), may().egress(to_api())),
     to("10.96.0.1"), "deny none"},
    {"22: a hostNetwork backend by its node's ipBlock",
     world(api().port(80), server("prod/h", {"192.168.1.2"}).on_host_network(),
           may().egress(to_api().to(block("192.168.1.2/32")))),
     to("10.96.0.1"), "allow none"},
    {"22: a hostNetwork backend on the own node: rule 17",
     world(api().port(80), server("prod/h", {"192.168.1.1"}).on_host_network().on("n1"),
           may().egress(to_api())),
     to("10.96.0.1"), "allow none"},
    {"22: a named target port: each pod's first number",
     world(api().port(80, "http"), server("prod/c", {"10.0.0.13"}).port("http", 9999),
           may().egress(to_api().tcp(8080))),
     to("10.96.0.1"), "allow none"},
    {"22: two pods, two numbers: both must be allowed",
     world(api().port(80, "alt"), pod("prod/c", "10.0.0.13").label("app", "api").port("alt", 7001),
           pod("prod/d", "10.0.0.14").label("app", "api").port("alt", 7002),
           may().egress(to_api().tcp(7001))),
     to("10.96.0.1"), "deny none"},
    {"22: a pod without the name is no endpoint of that port",
     world(api().port(80, "alt"), pod("prod/c", "10.0.0.13").label("app", "api").port("alt", 7001),
           may().egress(to_api().tcp(7001))),
     to("10.96.0.1"), "allow none"},
    {"22: a headless Service adds nothing",
     world(service("prod/api", "203.0.113.9").selects({{"app", "api"}}).port(80).is_headless(),
           may().egress(to_api())),
     to("203.0.113.9"), "deny none"},
};
INSTANTIATE_TEST_SUITE_P(Endpoints, Services, ::testing::ValuesIn(kEndpoints));

TEST(Services, AnEndpointIsItsFirstAddress) {
  auto endpoints = slice("prod/ext-1", "ext").port(80).ready("192.0.2.7");
  endpoints.endpoints[0].addresses.push_back(ip("198.51.100.1"));
  auto answer = evaluate(world(service("prod/ext", "10.96.0.2").port(80), endpoints,
                               may().egress(rule().to(block("192.0.2.7/32")))),
                         to("10.96.0.2"));
  EXPECT_EQ(spoken(answer), "allow none");
}

}  // namespace
}  // namespace sluice::oracle
