// Which endpoints stand behind a Service (semantics 22).
#include "tests/unit/reference/service_world.h"

namespace sluice::reference {
namespace {

class ServiceEndpoints : public Semantics {};
TEST_P(ServiceEndpoints, Row) {
  expect_row(GetParam());
}

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
INSTANTIATE_TEST_SUITE_P(Endpoints, ServiceEndpoints, ::testing::ValuesIn(kEndpoints));

// prod/api with internalTrafficPolicy: Local at 10.96.0.1, and at 203.0.113.9 for the world; a policy that
// allows prod/a alone.
ServiceBuilder local_api() {
  return service("prod/api", {"10.96.0.1", "203.0.113.9"})
      .selects({{"app", "api"}})
      .port(80, 8080)
      .local_at({"10.96.0.1"});
}
Row local_row(std::string because, SliceBuilder endpoints, const char* address, const char* sides) {
  return {std::move(because),
          world(local_api(), std::move(endpoints), may().egress(rule().to(pods({{"name", "a"}})).tcp(8080))),
          to(address), sides};
}

const Row kLocal[] = {
    local_row("22: Local: the other node's endpoint does not count",
              api_slice().ready("10.0.0.11").on("n1").ready("10.0.0.12").on("n2"), "10.96.0.1", "allow none"),
    local_row("22: Local: but at an external IP it does",
              api_slice().ready("10.0.0.11").on("n1").ready("10.0.0.12").on("n2"), "203.0.113.9",
              "deny none"),
    local_row("22: Local: none on the own node is as without endpoints",
              api_slice().ready("10.0.0.11").on("n2"), "10.96.0.1", "deny none"),
    {"22: Local: none on the own node: the rules for the address itself",
     world(local_api(), api_slice().ready("10.0.0.11").on("n2"),
           may().egress(rule().to(block("10.96.0.1/32")))),
     to("10.96.0.1"), "allow none"},
    local_row("22: Local: an endpoint without nodeName is nobody's", api_slice().ready("10.0.0.11"),
              "10.96.0.1", "deny none"),
    local_row("22: Local: the node first, then ready or leaving",
              api_slice().leaving("10.0.0.11").on("n1").ready("10.0.0.12").on("n2"), "10.96.0.1",
              "allow none"),
    local_row("22: Local: ready before leaving on the node",
              api_slice().ready("10.0.0.11").on("n1").leaving("10.0.0.12").on("n1"), "10.96.0.1",
              "allow none"),
    {"22: Local: from a pod on no node nobody's endpoints count",
     world(local_api(), api_slice().ready("10.0.0.11"), web().on(""),
           may().egress(rule().to(namespaces({})))),
     to("10.96.0.1"), "deny none"},
    {"22: Local: by selector the pods of the node", world(local_api(), a().on("n1"), may().egress(to_api())),
     to("10.96.0.1"), "allow none"},
    {"22: Local: by selector, none there", world(local_api(), may().egress(to_api())), to("10.96.0.1"),
     "deny none"},
    {"22: Local: node ports are as they were", world(local_api().node_port(30080), may().egress(to_api())),
     to("192.168.1.1", 30080), "allow none"},
    {"22: Local: the own node's hostNetwork endpoint is rule 17's",
     world(local_api(), api_slice().ready("192.168.1.1").on("n1").ready("192.168.1.2").on("n2"), may()),
     to("10.96.0.1"), "allow none"},
};
INSTANTIATE_TEST_SUITE_P(Local, ServiceEndpoints, ::testing::ValuesIn(kLocal));

// prod/c beside prod/a and prod/b behind prod/api, by selector alone; all but prod/c are allowed.
Row beside_row(std::string because, ServiceBuilder api, PodBuilder c, const char* sides) {
  return {std::move(because),
          world(std::move(api), std::move(c),
                may().egress(rule().to(block("10.0.0.11/32")).to(block("10.0.0.12/32")))),
          to("10.96.0.1"), sides};
}
PodBuilder c() {
  return server("prod/c", {"10.0.0.13"});
}
// Only prod/c is behind it.
ServiceBuilder c_alone() {
  return service("prod/api", "10.96.0.1").selects({{"name", "c"}}).port(80);
}
Row alone_row(std::string because, ServiceBuilder api, PodBuilder c, const char* sides) {
  return {std::move(because), world(std::move(api), c.label("name", "c"), may().egress(to_api())),
          to("10.96.0.1"), sides};
}

const Row kSelected[] = {
    beside_row("22: by selector: a ready pod counts", api().port(80), c(), "deny none"),
    beside_row("22: publishNotReadyAddresses: so does one that is not ready",
               api().port(80).publishes_not_ready(), c().not_ready(), "deny none"),
    beside_row("22: one that terminates does not while others are ready", api().port(80), c().leaving(),
               "allow none"),
    beside_row("22: with publishNotReadyAddresses it does", api().port(80).publishes_not_ready(),
               c().leaving(), "deny none"),
    beside_row("22: publishNotReadyAddresses: a finished pod does not", api().port(80).publishes_not_ready(),
               c().in_phase(PodPhase::kSucceeded), "allow none"),
    alone_row("22: none ready: one that is ready while it terminates", c_alone(), c().leaving(),
              "allow none"),
    alone_row("22: but not one that is not", c_alone(), c().leaving().not_ready(), "deny none"),
    alone_row("22: save with publishNotReadyAddresses", c_alone().publishes_not_ready(),
              c().leaving().not_ready(), "allow none"),
    {"22: publishNotReadyAddresses changes nothing where there are slices",
     world(api().port(80).publishes_not_ready(), api_slice().not_ready("10.0.0.11"), may().egress(to_api())),
     to("10.96.0.1"), "deny none"},
};
INSTANTIATE_TEST_SUITE_P(Selected, ServiceEndpoints, ::testing::ValuesIn(kSelected));

TEST(EndpointAddress, IsTheFirst) {
  auto endpoints = slice("prod/ext-1", "ext").port(80).ready("192.0.2.7");
  endpoints.endpoints[0].addresses.push_back(ip("198.51.100.1"));
  auto answer = evaluate(world(service("prod/ext", "10.96.0.2").port(80), endpoints,
                               may().egress(rule().to(block("192.0.2.7/32")))),
                         to("10.96.0.2"));
  EXPECT_EQ(spoken(answer), "allow none");
}

}  // namespace
}  // namespace sluice::reference
