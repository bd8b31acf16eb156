// The admin tiers (semantics 42 to 60, 67, 68, 72), row by row. The source is prod/web on n1, the destination mostly
// prod/a on n2; what a ClusterNetworkPolicy says is said of every pod, unless the row narrows it.
#include "tests/unit/reference/service_world.h"

namespace sluice::reference {
namespace {

class Tiers : public Semantics {};
TEST_P(Tiers, Row) {
  expect_row(GetParam());
}

const Selector kWeb = {{"app", "web"}}, kApi = {{"app", "api"}},
               kProd = {{"kubernetes.io/metadata.name", "prod"}};

ClusterPolicyBuilder of_web(ClusterPolicyBuilder policy) {
  return policy.selects(kWeb);
}
RuleBuilder nothing() {
  return rule().to(block("255.255.255.255/32"));
}
Probe to_a(uint16_t port = 80) {
  return tcp("prod/web", "prod/a", port);
}
Probe ping_a() {
  return probe("prod/web", "prod/a", net::kIcmp);
}

const Row kOrder[] = {
    {"46: no rule for the direction: as if it were not there", world(of_web(admin("x"))), to_a(),
     "none none"},
    {"72: a rule is listed, nobody decides", world(of_web(admin("x").egress(deny().to(nodes())))), to_a(),
     "allow none"},
    {"44: deny",
     world(of_web(admin("x").egress(deny().to(pods_anywhere(kApi))))),
     to_a(),
     "deny none",
     {"Admin/x:egress[0]"}},
    {"44: accept before a NetworkPolicy that allows nothing",
     world(of_web(admin("x").egress(accept().to(pods_anywhere(kApi)))), may().egress(nothing())),
     to_a(),
     "allow none",
     {"Admin/x:egress[0]"}},
    {"45: a NetworkPolicy decides what no Admin rule does",
     world(of_web(admin("x").egress(accept().to(nodes()))), may().egress(nothing())), to_a(), "deny none"},
    {"45: and hides the Baseline",
     world(of_web(baseline("x").egress(deny().to(pods_anywhere(kApi)))), may().egress(to_api())),
     to_a(),
     "allow none",
     {"prod/p:egress[0]"}},
    {"45: isolated in the other direction only: on to Baseline",
     world(of_web(baseline("x").egress(deny().to(pods_anywhere(kApi)))),
           policy("prod/in").selects(kWeb).types({Direction::kIngress})),
     to_a(),
     "deny none",
     {"Baseline/x:egress[0]"}},
    {"44: Baseline denies where nothing else speaks",
     world(of_web(baseline("x").egress(deny().to(namespaces_all())))),
     to_a(),
     "deny none",
     {"Baseline/x:egress[0]"}},
    {"44: pass skips the rest of the tier, other policies too",
     world(of_web(admin("a", 1).egress(pass().to(pods_anywhere(kApi)))),
           of_web(admin("b", 2).egress(deny().to(pods_anywhere(kApi))))),
     to_a(), "allow none"},
    {"44: pass goes on to the NetworkPolicies",
     world(of_web(admin("a").egress(pass().to(pods_anywhere(kApi))).egress(accept().to(namespaces_all()))),
           may().egress(nothing())),
     to_a(), "deny none"},
    {"44: pass goes on to Baseline",
     world(of_web(admin("a").egress(pass().to(pods_anywhere(kApi)))),
           of_web(baseline("b").egress(deny().to(namespaces_all())))),
     to_a(),
     "deny none",
     {"Baseline/b:egress[0]"}},
    {"44: after Baseline there is none left",
     world(of_web(baseline("b").egress(pass().to(namespaces_all())).egress(deny().to(namespaces_all())))),
     to_a(), "allow none"},
    {"43: by priority, 0 first",
     world(of_web(admin("a", 7).egress(deny().to(namespaces_all()))),
           of_web(admin("z", 0).egress(accept().to(namespaces_all())))),
     to_a(),
     "allow none",
     {"Admin/z:egress[0]"}},
    {"43: of equal priority by name, byte by byte",
     world(of_web(admin("b").egress(deny().to(namespaces_all()))),
           of_web(admin("a.b").egress(accept().to(namespaces_all())))),
     to_a(),
     "allow none",
     {"Admin/a.b:egress[0]"}},
    {"43: rules as they are written",
     world(of_web(
         admin("a").egress(deny().to(pods_anywhere(kApi)).tcp(80)).egress(accept().to(namespaces_all())))),
     to_a(),
     "deny none",
     {"Admin/a:egress[0]"}},
    {"43: and at another port the second",
     world(of_web(
         admin("a").egress(deny().to(pods_anywhere(kApi)).tcp(80)).egress(accept().to(namespaces_all())))),
     to_a(81),
     "allow none",
     {"Admin/a:egress[1]"}},
    {"47: accepted at one end says nothing of the other",
     world(of_web(admin("a").egress(accept().to(namespaces_all()))),
           admin("b").selects(kApi).ingress(deny().from(namespaces_all()))),
     to_a(),
     "allow deny",
     {"Admin/a:egress[0]", "Admin/b:ingress[0]"}},
};

const Row kPeers[] = {
    {"48: a subject by namespace", world(admin("x").selects({}, kProd).egress(deny().to(namespaces_all()))),
     to_a(), "deny none"},
    {"48: both selectors must match",
     world(admin("x")
               .selects(kWeb, {{"kubernetes.io/metadata.name", "dev"}})
               .egress(deny().to(namespaces_all()))),
     to_a(), "none none"},
    {"50: every namespace is every pod, and nothing else",
     world(of_web(admin("x").egress(deny().to(namespaces_all())))), tcp("prod/web", "8.8.8.8", 80),
     "allow none"},
    {"51: no ingress rule matches who is no pod",
     world(admin("x").selects(kApi).ingress(deny().from(namespaces_all()))), tcp("8.8.8.8", "prod/a", 80),
     "none allow"},
    {"52: a node's address", world(of_web(admin("x").egress(deny().to(nodes())))),
     tcp("prod/web", "192.168.1.2", 80), "deny none"},
    {"52: not the pod that runs there", world(of_web(admin("x").egress(deny().to(nodes())))), to_a(),
     "allow none"},
    {"52: a selector of nodes", world(of_web(admin("x").egress(deny().to(nodes({{"zone", "a"}}))))),
     tcp("prod/web", "192.168.1.2", 80), "allow none"},
    {"53: networks hold pods", world(of_web(admin("x").egress(deny().to(networks({"10.0.0.0/24"}))))), to_a(),
     "deny none"},
    {"53: and nodes", world(of_web(admin("x").egress(deny().to(networks({"192.168.1.2/32"}))))),
     tcp("prod/web", "192.168.1.2", 80), "deny none"},
    {"53: the families are apart", world(of_web(admin("x").egress(deny().to(networks({"::/0"}))))), to_a(),
     "allow none"},
    {"53: an earlier rule carves",
     world(of_web(admin("x")
                      .egress(accept().to(networks({"8.8.8.8/32"})))
                      .egress(deny().to(networks({"0.0.0.0/0"}))))),
     tcp("prod/web", "8.8.8.8", 80),
     "allow none",
     {"Admin/x:egress[0]"}},
    {"54: of names nothing is learnt",
     world(of_web(
         admin("x").egress(accept().to(domains({"dns.google"}))).egress(deny().to(networks({"0.0.0.0/0"}))))),
     tcp("prod/web", "8.8.8.8", 80),
     "deny none",
     {"Admin/x:egress[1]"}},
    {"55: one peer of several is enough",
     world(of_web(admin("x").egress(deny().to(nodes()).to(pods_anywhere(kApi))))), to_a(), "deny none"},
};

const Row kProtocols[] = {
    {"56: absent protocols: ICMP too", world(of_web(admin("x").egress(deny().to(pods_anywhere(kApi))))),
     ping_a(), "deny none"},
    {"57: all ports of all three are still not ICMP",
     world(of_web(admin("x").egress(
         deny().to(pods_anywhere(kApi)).every_port(net::kTcp).every_port(net::kUdp).every_port(net::kSctp)))),
     ping_a(), "allow none"},
    {"57: both ends of a range are in",
     world(of_web(admin("x").egress(deny().to(pods_anywhere(kApi)).tcp(79, 80)))), to_a(), "deny none"},
    {"57: and what is beside it is not",
     world(of_web(admin("x").egress(deny().to(pods_anywhere(kApi)).tcp(81, 90)))), to_a(), "allow none"},
    {"57: another protocol", world(of_web(admin("x").egress(deny().to(pods_anywhere(kApi)).udp(80)))), to_a(),
     "allow none"},
    {"58: a named port, by the destination's number",
     world(of_web(admin("x").egress(deny().to(pods_anywhere(kApi)).named("http")))), to_a(8080), "deny none"},
    {"58: at that number alone",
     world(of_web(admin("x").egress(deny().to(pods_anywhere(kApi)).named("http")))), to_a(), "allow none"},
    {"58: the protocol is the container port's",
     world(of_web(admin("x").egress(deny().to(pods_anywhere(kApi)).named("http")))),
     probe("prod/web", "prod/a", net::kUdp, 8080), "allow none"},
    {"58: of ingress the subject's",
     world(admin("x").selects(kApi).ingress(deny().from(namespaces_all()).named("http"))), to_a(8080),
     "none deny"},
    {"58: who is no pod has no names",
     world(of_web(admin("x").egress(deny().to(networks({"8.8.8.8/32"})).named("http")))),
     tcp("prod/web", "8.8.8.8", 8080), "allow none"},
    {"58: a pod that networks name has",
     world(of_web(admin("x").egress(deny().to(networks({"10.0.0.0/8"})).named("http")))), to_a(8080),
     "deny none"},
};

const Row kAlways[] = {
    {"59: a pod and its own address",
     world(admin("x").egress(deny().to(namespaces_all())).ingress(deny().from(namespaces_all()))),
     tcp("prod/web", "prod/web", 80), "allow allow"},
    {"60: what its own node sends to it", world(admin("x").ingress(closed(model::Action::kDeny))),
     tcp("192.168.1.2", "prod/a", 80), "none allow"},
    {"60: but not another node", world(admin("x").ingress(closed(model::Action::kDeny))),
     tcp("192.168.1.1", "prod/a", 80), "none deny"},
    {"60: to its own node: Admin may deny",
     world(of_web(admin("x").egress(deny().to(nodes()))), may().egress(nothing())),
     tcp("prod/web", "192.168.1.1", 80),
     "deny none",
     {"Admin/x:egress[0]"}},
    {"60: rule 17 for an isolated pod",
     world(of_web(admin("x").egress(deny().to(nodes()).udp(53))), may().egress(nothing())),
     tcp("prod/web", "192.168.1.1", 80), "allow none"},
    {"60: which hides the Baseline",
     world(of_web(baseline("x").egress(deny().to(nodes()))), may().egress(nothing())),
     tcp("prod/web", "192.168.1.1", 80), "allow none"},
    {"60: for others Baseline may deny",
     world(of_web(baseline("x").egress(deny().to(nodes())))),
     tcp("prod/web", "192.168.1.1", 80),
     "deny none",
     {"Baseline/x:egress[0]"}},
    {"62: a closed Deny is of everybody, outside the cluster too",
     world(of_web(admin("x").egress(closed(model::Action::kDeny)))),
     tcp("prod/web", "8.8.8.8", 80),
     "deny none",
     {"Admin/x:egress[0]"}},
    {"62: of every protocol", world(of_web(admin("x").egress(closed(model::Action::kDeny)))), ping_a(),
     "deny none"},
    {"62: ingress from outside",
     world(admin("x").selects(kApi).ingress(closed(model::Action::kDeny))),
     tcp("8.8.8.8", "prod/a", 80),
     "none deny",
     {"Admin/x:ingress[0]"}},
    {"62: a closed Accept matches nothing",
     world(of_web(admin("x").egress(closed(model::Action::kAccept)).egress(deny().to(namespaces_all())))),
     to_a(),
     "deny none",
     {"Admin/x:egress[1]"}},
};

const auto kService = api().port(80, 8080);
const Row kServices[] = {
    {"67: the endpoints' face: accept, then deny everything",
     world(
         kService,
         of_web(
             admin("x").egress(accept().to(pods_anywhere(kApi))).egress(deny().to(networks({"0.0.0.0/0"}))))),
     to("10.96.0.1"),
     "allow none",
     {"Admin/x:egress[0]"}},
    {"67: one endpoint is not accepted",
     world(kService, of_web(admin("x")
                                .egress(accept().to(pods_anywhere({{"name", "a"}})))
                                .egress(deny().to(networks({"0.0.0.0/0"}))))),
     to("10.96.0.1"),
     "deny none",
     {"Admin/x:egress[1]"}},
    {"67: the written face by networks",
     world(kService, of_web(admin("x").egress(deny().to(networks({"10.96.0.1/32"}))))),
     to("10.96.0.1"),
     "deny none",
     {"Admin/x:egress[0]"}},
    {"67: at the port that was written",
     world(kService, of_web(admin("x").egress(deny().to(networks({"10.96.0.1/32"})).tcp(80)))),
     to("10.96.0.1"), "deny none"},
    {"67: not at the endpoints'",
     world(kService, of_web(admin("x").egress(deny().to(networks({"10.96.0.1/32"})).tcp(8080)))),
     to("10.96.0.1"), "allow none"},
    {"67: peer and port are one face's",
     world(kService, of_web(admin("x").egress(deny().to(pods_anywhere(kApi)).tcp(80)))), to("10.96.0.1"),
     "allow none"},
    {"67: a named port of the endpoints",
     world(kService, of_web(admin("x").egress(deny().to(pods_anywhere(kApi)).named("http")))),
     to("10.96.0.1"), "deny none"},
    {"67: never of the written face",
     world(service("prod/api", "10.96.0.1").selects({{"app", "api"}}).port(8080, 9090),
           of_web(admin("x").egress(deny().to(networks({"10.96.0.1/32"})).named("http")))),
     to("10.96.0.1", 8080), "allow none"},
    {"67: without endpoints the written face alone",
     world(service("prod/api", "10.96.0.1").port(80),
           of_web(admin("x").egress(deny().to(networks({"10.96.0.0/16"}))))),
     to("10.96.0.1"), "deny none"},
    {"67: the NetworkPolicies allow as rule 21 has it",
     world(kService, of_web(admin("x").egress(pass().to(networks({"0.0.0.0/0"})))),
           may().egress(to_api().tcp(8080))),
     to("10.96.0.1"),
     "allow none",
     {"prod/p:egress[0]"}},
    {"67: the address as it stands too",
     world(kService, of_web(admin("x").egress(accept().to(pods_anywhere({{"name", "a"}})))),
           may().egress(rule().to(block("10.96.0.1/32")))),
     to("10.96.0.1"),
     "allow none",
     {"Admin/x:egress[0]", "prod/p:egress[0]"}},
    {"67: a node port: the written face is a node's",
     world(service("prod/np", "10.96.0.9").selects({{"app", "api"}}).port(80, 8080).node_port(30080),
           of_web(admin("x").egress(deny().to(nodes()).tcp(30080)))),
     to("192.168.1.1", 30080), "deny none"},
    {"67: and its endpoints are pods",
     world(service("prod/np", "10.96.0.9").selects({{"app", "api"}}).port(80, 8080).node_port(30080),
           of_web(admin("x").egress(deny().to(nodes()).tcp(8080)))),
     to("192.168.1.1", 30080), "allow none"},
    {"68: itself through a Service is judged",
     world(service("prod/own", "10.96.0.2").selects({{"app", "web"}}).port(80),
           of_web(admin("x").egress(deny().to(pods_anywhere(kWeb))))),
     to("10.96.0.2"), "deny none"},
    {"68: and by rule 18 among the NetworkPolicies",
     world(service("prod/own", "10.96.0.2").selects({{"app", "web"}}).port(80),
           of_web(admin("x").egress(deny().to(nodes()))), may().egress(nothing())),
     to("10.96.0.2"), "allow none"},
};

INSTANTIATE_TEST_SUITE_P(Order, Tiers, testing::ValuesIn(kOrder));
INSTANTIATE_TEST_SUITE_P(Peers, Tiers, testing::ValuesIn(kPeers));
INSTANTIATE_TEST_SUITE_P(Protocols, Tiers, testing::ValuesIn(kProtocols));
INSTANTIATE_TEST_SUITE_P(Always, Tiers, testing::ValuesIn(kAlways));
INSTANTIATE_TEST_SUITE_P(ServiceFaces, Tiers, testing::ValuesIn(kServices));

}  // namespace
}  // namespace sluice::reference
