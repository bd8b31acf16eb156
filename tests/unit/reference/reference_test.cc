// Pods, isolation, peers, ports and what is always allowed: semantics 2 to 18, a row or more for each.
#include "tests/unit/reference/rows.h"

namespace sluice::reference {
namespace {

using namespace oracle::build;
using model::Direction;
using model::Operator;
using model::PodPhase;

PodBuilder web() {
  return pod("prod/web", {"10.0.0.1", "fd00::1"}).label("app", "web").on("n1");
}
PodBuilder db() {
  return pod("prod/db", {"10.0.0.2", "fd00::2"}).label("app", "db").on("n1");
}
PodBuilder monitor() {
  return pod("ops/monitor", "10.0.0.3").label("app", "web").on("n2");
}
PolicyBuilder on_web() {
  return policy("prod/p").selects({{"app", "web"}});
}
PolicyBuilder on_db() {
  return policy("prod/p").selects({{"app", "db"}});
}
const auto kNode = node("n1", {"192.168.1.1", "fd01::1"});

// The pods, two of them in one namespace, with these objects added.
template <typename... Objects>
model::Cluster world(const Objects&... more) {
  return cluster(web(), db(), monitor(), kNode, more...);
}

TEST_P(Semantics, Row) {
  expect_row(GetParam());
}

const Row kPods[] = {
    {"2: a finished pod is no pod: nothing isolates its address",
     world(pod("prod/job", "10.0.0.9").in_phase(PodPhase::kSucceeded), policy("prod/p")),
     tcp("192.0.2.1", "10.0.0.9", 80), "none none"},
    {"2: selectors do not match a failed pod's address",
     world(pod("prod/job", "10.0.0.9").label("app", "job").in_phase(PodPhase::kFailed),
           on_db().ingress(rule().from(pods({{"app", "job"}})))),
     tcp("10.0.0.9", "prod/db", 80), "none deny"},
    {"2: a reused IP is the later pod's",
     world(pod("prod/old", "10.0.0.9").label("app", "old").created_at(100),
           pod("prod/new", "10.0.0.9").label("app", "new").created_at(200),
           on_db().ingress(rule().from(pods({{"app", "new"}})))),
     tcp("10.0.0.9", "prod/db", 80), "none allow"},
    {"2: a pod created in the same second: the name that sorts last has the IP",
     world(pod("prod/a", "10.0.0.9").label("app", "a"), pod("prod/b", "10.0.0.9").label("app", "b"),
           on_db().ingress(rule().from(pods({{"app", "b"}})))),
     tcp("10.0.0.9", "prod/db", 80), "none allow"},
    {"2: a later pod that has finished leaves the IP to the earlier",
     world(pod("prod/old", "10.0.0.9").label("app", "old").created_at(100),
           pod("prod/new", "10.0.0.9").created_at(200).in_phase(PodPhase::kSucceeded),
           on_db().ingress(rule().from(pods({{"app", "old"}})))),
     tcp("10.0.0.9", "prod/db", 80), "none allow"},
    {"3: a hostNetwork pod is not isolated by the policy that selects it",
     world(pod("prod/host", "192.168.1.2").label("app", "host").on_host_network(), policy("prod/p")),
     tcp("192.0.2.1", "prod/host", 80), "none none"},
    {"3: selectors never match a hostNetwork pod",
     world(pod("prod/host", "192.168.1.2").label("app", "host").on_host_network(),
           on_db().ingress(rule().from(pods({})))),
     tcp("prod/host", "prod/db", 80), "none deny"},
    {"3: an ipBlock does",
     world(pod("prod/host", "192.168.1.2").label("app", "host").on_host_network(),
           on_db().ingress(rule().from(block("192.168.1.2/32")))),
     tcp("prod/host", "prod/db", 80), "none allow"},
    {"4: the same rule holds for a pod's IPv6 address",
     world(on_db().ingress(rule().from(pods({{"app", "web"}})))), tcp("fd00::1", "prod/db", 80),
     "none allow"},
    {"4: and denies over IPv6", world(on_db()), tcp("prod/web", "fd00::2", 80), "none deny"},
    {"5: a namespace without an object carries its name as a label",
     world(on_db().ingress(rule().from(namespaces({{"kubernetes.io/metadata.name", "ops"}})))),
     tcp("ops/monitor", "prod/db", 80), "none allow"},
    {"5: so does one whose object does not spell it out",
     world(
         model::Namespace{{"", "ops"}, {{"team", "sre"}}},
         on_db().ingress(rule().from(namespaces({{"kubernetes.io/metadata.name", "ops"}, {"team", "sre"}})))),
     tcp("ops/monitor", "prod/db", 80), "none allow"},
};
INSTANTIATE_TEST_SUITE_P(Pods, Semantics, ::testing::ValuesIn(kPods));

const Row kIsolation[] = {
    {"6: no policy selects either end", world(), tcp("prod/web", "prod/db", 80), "none none"},
    {"6: a policy of another namespace isolates nobody here", world(policy("ops/p")),
     tcp("prod/web", "prod/db", 80), "none none"},
    {"6: without egress rules, absent policyTypes mean ingress alone", world(policy("prod/p")),
     tcp("prod/web", "prod/db", 80), "none deny"},
    {"6: an egress rule makes it egress too", world(on_web().egress(rule().to(block("192.0.2.0/24")))),
     tcp("prod/web", "prod/db", 80), "deny none"},
    {"6: policyTypes Egress alone leaves ingress open, whatever ingress rules say",
     world(policy("prod/p").ingress(rule().from(pods({{"app", "none"}}))).types({Direction::kEgress})),
     tcp("prod/web", "prod/db", 80), "deny none"},
    {"6: policyTypes Ingress alone leaves egress open, whatever egress rules say",
     world(policy("prod/p").egress(rule().tcp(1)).types({Direction::kIngress})),
     tcp("prod/web", "prod/db", 80), "none deny"},
    {"7: what either of two policies allows is allowed",
     world(on_db(), policy("prod/q").ingress(rule().tcp(80))),
     tcp("prod/web", "prod/db", 80),
     "none allow",
     {"prod/q:ingress[0]"}},
    {"7: every rule that allows is named, in order",
     world(on_db().ingress(rule().tcp(81)).ingress(rule()), policy("prod/a").ingress(rule().tcp(80))),
     tcp("prod/web", "prod/db", 80),
     "none allow",
     {"prod/a:ingress[0]", "prod/p:ingress[1]"}},
    {"8: egress allowed, ingress denied",
     world(on_web().types({Direction::kEgress}).egress(rule()), policy("prod/q").selects({{"app", "db"}})),
     tcp("prod/web", "prod/db", 80),
     "allow deny",
     {"prod/p:egress[0]"}},
    {"8: an address outside has no side of its own", world(policy("prod/p").egress(rule())),
     tcp("prod/web", "192.0.2.1", 80), "allow none"},
    {"30: where neither end is a pod: allow, none, none", world(policy("prod/p")),
     tcp("192.0.2.1", "192.0.2.2", 80), "none none"},
};
INSTANTIATE_TEST_SUITE_P(Isolation, Semantics, ::testing::ValuesIn(kIsolation));

model::Peer expression(std::string key, Operator op, std::vector<std::string> values = {}) {
  return pods(labels().where(std::move(key), op, std::move(values)));
}
Row peer_row(std::string because, model::Peer peer, const char* from, const char* verdict) {
  return {std::move(because),
          world(ns("ops", {{"team", "sre"}}), on_db().ingress(rule().from(std::move(peer)))),
          tcp(from, "prod/db", 80), std::string("none ") + verdict};
}

const Row kPeers[] = {
    {"9: no peers: every address outside too", world(on_db().ingress(rule())),
     tcp("192.0.2.1", "prod/db", 80), "none allow"},
    peer_row("10: podSelector alone: a pod of the policy's namespace", pods({{"app", "web"}}), "prod/web",
             "allow"),
    peer_row("10: podSelector alone: not the like-labelled pod of another", pods({{"app", "web"}}),
             "ops/monitor", "deny"),
    peer_row("10: namespaceSelector alone: all its pods", namespaces({{"team", "sre"}}), "ops/monitor",
             "allow"),
    peer_row("10: namespaceSelector alone: not the policy's own", namespaces({{"team", "sre"}}), "prod/web",
             "deny"),
    peer_row("10: both must match", pods_in({{"team", "sre"}}, {{"app", "db"}}), "ops/monitor", "deny"),
    peer_row("10: both match", pods_in({{"team", "sre"}}, {{"app", "web"}}), "ops/monitor", "allow"),
    peer_row("10: an empty podSelector: every pod of the namespace", pods({}), "prod/web", "allow"),
    peer_row("10: an empty podSelector: no other namespace", pods({}), "ops/monitor", "deny"),
    peer_row("10: an empty namespaceSelector: every namespace", namespaces({}), "ops/monitor", "allow"),
    peer_row("10: selectors match no address outside", namespaces({}), "192.0.2.1", "deny"),
    peer_row("10: labels are ANDed", pods({{"app", "web"}, {"tier", "front"}}), "prod/web", "deny"),
    peer_row("10: In", expression("app", Operator::kIn, {"db", "web"}), "prod/web", "allow"),
    peer_row("10: In needs the key", expression("tier", Operator::kIn, {""}), "prod/web", "deny"),
    peer_row("10: NotIn", expression("app", Operator::kNotIn, {"web"}), "prod/web", "deny"),
    peer_row("10: NotIn matches where the key is missing", expression("tier", Operator::kNotIn, {"x"}),
             "prod/web", "allow"),
    peer_row("10: Exists", expression("app", Operator::kExists), "prod/web", "allow"),
    peer_row("10: Exists, missing", expression("tier", Operator::kExists), "prod/web", "deny"),
    peer_row("10: DoesNotExist", expression("app", Operator::kDoesNotExist), "prod/web", "deny"),
    peer_row("10: DoesNotExist, missing", expression("tier", Operator::kDoesNotExist), "prod/web", "allow"),
    peer_row("11: the first address of a block", block("192.0.2.0/30"), "192.0.2.0", "allow"),
    peer_row("11: the last", block("192.0.2.0/30"), "192.0.2.3", "allow"),
    peer_row("11: the one after", block("192.0.2.0/30"), "192.0.2.4", "deny"),
    peer_row("11: an address in an except", block("192.0.2.0/24", {"192.0.2.8/31"}), "192.0.2.9", "deny"),
    peer_row("11: nested excepts take nothing back", block("192.0.2.0/24", {"192.0.2.0/28", "192.0.2.8/31"}),
             "192.0.2.9", "deny"),
    peer_row("11: a block over a pod's address", block("10.0.0.1/32"), "prod/web", "allow"),
    peer_row("11: /0 is one family's", block("0.0.0.0/0"), "2001:db8::1", "deny"),
    peer_row("11: ::/0 holds IPv6", block("::/0"), "2001:db8::1", "allow"),
    peer_row("11: /128", block("2001:db8::1/128"), "2001:db8::1", "allow"),
    {"12: peers are ORed: an except of one is no denial of another",
     world(on_db().ingress(rule().from(block("10.0.0.0/8", {"10.0.0.1/32"})).from(pods({{"app", "web"}})))),
     tcp("10.0.0.1", "prod/db", 80), "none allow"},
};
INSTANTIATE_TEST_SUITE_P(Peers, Semantics, ::testing::ValuesIn(kPeers));

model::Cluster db_allows(model::Rule rule) {
  return cluster(web(), db().port("sql", 5432).port("sql", 5433).port("sql", 5500, net::kUdp),
                 on_db().ingress(std::move(rule)));
}
model::Cluster web_may(model::Rule rule) {
  return cluster(web(), db().port("sql", 5432),
                 pod("prod/db2", "10.0.0.4").label("app", "db").port("sql", 6432),
                 on_web().types({Direction::kEgress}).egress(std::move(rule)));
}
Probe to_db(net::Protocol protocol) {
  return probe("prod/web", "prod/db", protocol);
}
Probe to_db(net::Protocol protocol, uint16_t port) {
  return probe("prod/web", "prod/db", protocol, port);
}

const Row kPorts[] = {
    {"13: no ports: ICMP too", db_allows(rule()), to_db(net::kIcmp), "none allow"},
    {"13: no ports: unknown protocols too", db_allows(rule()), to_db(net::Protocol(89)), "none allow"},
    {"14: a port of TCP", db_allows(rule().tcp(80)), to_db(net::kTcp, 80), "none allow"},
    {"14: is not one of UDP", db_allows(rule().tcp(80)), to_db(net::kUdp, 80), "none deny"},
    {"14: no port: all of its protocol", db_allows(rule().udp()), to_db(net::kUdp, 65535), "none allow"},
    {"14: and of no other", db_allows(rule().udp()), to_db(net::kTcp, 53), "none deny"},
    {"14: the first of a range", db_allows(rule().tcp(80, 90)), to_db(net::kTcp, 80), "none allow"},
    {"14: the last of a range", db_allows(rule().tcp(80, 90)), to_db(net::kTcp, 90), "none allow"},
    {"14: below a range", db_allows(rule().tcp(80, 90)), to_db(net::kTcp, 79), "none deny"},
    {"14: above a range", db_allows(rule().tcp(80, 90)), to_db(net::kTcp, 91), "none deny"},
    {"15: ingress: a name among the selected pod's ports", db_allows(rule().tcp("sql")),
     to_db(net::kTcp, 5432), "none allow"},
    {"15: defined twice: both numbers", db_allows(rule().tcp("sql")), to_db(net::kTcp, 5433), "none allow"},
    {"15: only with the same protocol", db_allows(rule().tcp("sql")), to_db(net::kTcp, 5500), "none deny"},
    {"15: its UDP number by the UDP entry", db_allows(rule().udp("sql")), to_db(net::kUdp, 5500),
     "none allow"},
    {"15: a name that is not defined matches nothing", db_allows(rule().tcp("http")), to_db(net::kTcp, 80),
     "none deny"},
    {"15: egress: the peer's own number", web_may(rule().tcp("sql")), to_db(net::kTcp, 5432), "allow none"},
    {"15: egress: not another peer's number", web_may(rule().tcp("sql")), to_db(net::kTcp, 6432),
     "deny none"},
    {"15: egress: the other peer's", web_may(rule().tcp("sql")), tcp("prod/web", "prod/db2", 6432),
     "allow none"},
    {"15: egress: an address outside defines no name", web_may(rule().tcp("sql")),
     tcp("prod/web", "192.0.2.1", 5432), "deny none"},
    {"15: egress: an ipBlock over a pod still finds its names",
     web_may(rule().to(block("10.0.0.0/24")).tcp("sql")), to_db(net::kTcp, 5432), "allow none"},
    {"16: SCTP has ports", db_allows(rule().sctp(7)), to_db(net::kSctp, 7), "none allow"},
    {"16: a rule with ports allows no ICMP", db_allows(rule().tcp().udp()), to_db(net::kIcmp), "none deny"},
    {"16: nor another protocol", db_allows(rule().tcp().udp()), to_db(net::Protocol(89)), "none deny"},
};
INSTANTIATE_TEST_SUITE_P(Ports, Semantics, ::testing::ValuesIn(kPorts));

const Row kAlways[] = {
    {"17: from its own node", world(on_db()), tcp("192.168.1.1", "prod/db", 80), "none allow"},
    {"17: to its own node, IPv6 too", world(policy("prod/p").types({Direction::kEgress})),
     tcp("prod/db", "fd01::1", 80), "allow none"},
    {"17: not from another node", world(node("n2", {"192.168.1.2"}), on_db()),
     tcp("192.168.1.2", "prod/db", 80), "none deny"},
    {"17: a pod that is not scheduled has no node",
     cluster(kNode, pod("prod/lost", "10.0.0.9"), policy("prod/p")), tcp("192.168.1.1", "prod/lost", 80),
     "none deny"},
    {"17: a node without a Node object has no addresses", world(policy("ops/p")),
     tcp("192.168.1.2", "ops/monitor", 80), "none deny"},
    {"18: a pod to itself", world(policy("prod/p").types({Direction::kIngress, Direction::kEgress})),
     tcp("prod/db", "10.0.0.2", 80), "allow allow"},
    {"18: isolated one way alone", world(policy("prod/p")), probe("prod/db", "prod/db", net::kIcmp),
     "none allow"},
    {"18: by its other address no less", world(policy("prod/p")), tcp("fd00::2", "prod/db", 80),
     "none allow"},
};
INSTANTIATE_TEST_SUITE_P(Always, Semantics, ::testing::ValuesIn(kAlways));

TEST(Reference, WhatIsAlwaysAllowedNamesNoRule) {
  auto answer = evaluate(world(on_db().ingress(rule())), tcp("192.168.1.1", "prod/db", 80));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->ingress, Side::kAllow);
  EXPECT_TRUE(answer->ingress_rules.empty());
}

}  // namespace
}  // namespace sluice::reference
