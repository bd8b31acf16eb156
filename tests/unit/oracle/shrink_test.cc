#include "tests/oracle/shrink.h"

#include <gtest/gtest.h>

#include "agent/reference/reference.h"
#include "tests/oracle/build.h"
#include "tests/oracle/random_cluster.h"
#include "tests/oracle/text.h"

namespace sluice::oracle {
namespace {

using namespace build;

// A bug made for the purpose: an engine that believes no rule with a named port.
bool shows_named_port_bug(const model::Cluster& cluster, const model::Probe& probe) {
  auto right = reference::evaluate(cluster, probe);
  if (!right || right->ingress != model::Side::kAllow) return false;
  model::Cluster as_the_engine_sees_it = cluster;
  for (auto& [name, policy] : as_the_engine_sees_it.policies)
    std::erase_if(policy.ingress, [](const model::Rule& rule) {
      return std::any_of(rule.ports.begin(), rule.ports.end(),
                         [](const auto& port) { return std::holds_alternative<std::string>(port.port); });
    });
  return reference::evaluate(as_the_engine_sees_it, probe)->ingress == model::Side::kDeny;
}

TEST(Shrink, LeavesOnlyWhatShowsTheFailure) {
  model::Cluster cluster = random_cluster(11, 40);
  const model::Probe probe = tcp("192.0.2.1", "blue/target", 8080);
  for (const model::Change& change :
       {model::Change::upsert(pod("blue/target", {"10.0.9.9", "fd00::9"})
                                  .label("app", "x")
                                  .label("tier", "y")
                                  .port("http", 8080)
                                  .port("dns", 53)),
        model::Change::upsert(
            policy("blue/bug")
                .selects({{"app", "x"}})
                .ingress(rule().tcp(1))
                .ingress(rule().from(block("192.0.2.0/24", {"192.0.2.8/32"})).tcp("http").udp(5)))})
    cluster.apply(change);
  std::erase_if(cluster.policies,
                [](const auto& p) { return p.first.ns == "blue" && p.first.name != "bug"; });
  cluster.namespaces[{"", "blue"}].audit = false;
  ASSERT_TRUE(shows_named_port_bug(cluster, probe));

  auto small = shrink(cluster, [&](const model::Cluster& c) { return shows_named_port_bug(c, probe); });
  EXPECT_EQ(small, model::Cluster(build::cluster(pod("blue/target", "10.0.9.9").port("http", 8080),
                                                 policy("blue/bug").ingress(rule().tcp("http")))))
      << to_yaml(small);
}

TEST(Shrink, StopsWhenTheTriesAreUsedUp) {
  const model::Cluster cluster = random_cluster(5, 20);
  size_t tries = 0;
  shrink(
      cluster, [&](const model::Cluster&) { return ++tries, false; }, 10);
  EXPECT_EQ(tries, 10u);
}

TEST(Text, AClusterAsAManifest) {
  const auto world = build::cluster(
      pod("prod/web", {"10.0.0.1", "fd00::1"})
          .label("app", "web")
          .port("http", 8080)
          .on("n1")
          .created_at(86400),
      node("n1", {"192.168.1.1"}),
      service("prod/web", {"10.96.0.1", "203.0.113.9"}).selects({{"app", "web"}}).port(80, "http"),
      slice("prod/web-1", "web").port(8080).leaving("10.0.0.1"),
      policy("prod/p")
          .selects({{"app", "web"}})
          .ingress(rule()
                       .from(pods_in(labels().where("team", model::Operator::kExists), {}))
                       .from(block("10.0.0.0/8", {"10.1.0.0/16"}))
                       .tcp(80, 90)
                       .udp("dns")));
  EXPECT_EQ(to_yaml(world), R"(---
apiVersion: v1
kind: Pod
metadata:
  name: "web"
  namespace: "prod"
  labels: {"app": "web"}
  creationTimestamp: "1970-01-02T00:00:00Z"
spec:
  nodeName: "n1"
  containers:
    - {name: c0, image: none, ports: [{name: "http", containerPort: 8080, protocol: TCP}]}
status:
  phase: Running
  podIPs: [{ip: "10.0.0.1"}, {ip: "fd00::1"}]
---
apiVersion: v1
kind: Node
metadata:
  name: "n1"
status:
  addresses: [{type: InternalIP, address: "192.168.1.1"}]
---
apiVersion: v1
kind: Service
metadata:
  name: "web"
  namespace: "prod"
spec:
  type: ClusterIP
  clusterIP: "10.96.0.1"
  clusterIPs: ["10.96.0.1"]
  externalIPs: ["203.0.113.9"]
  ipFamilies: [IPv4]
  selector: {"app": "web"}
  ports:
    - {protocol: TCP, port: 80, targetPort: "http"}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: "web-1"
  namespace: "prod"
  labels: {"kubernetes.io/service-name": "web"}
addressType: IPv4
ports: [{name: "", protocol: TCP, port: 8080}]
endpoints:
  - addresses: ["10.0.0.1"]
    conditions: {ready: false, serving: true, terminating: true}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: "p"
  namespace: "prod"
spec:
  podSelector: {matchExpressions: [{key: "app", operator: In, values: ["web"]}]}
  policyTypes: [Ingress]
  ingress:
    - from: [{namespaceSelector: {matchExpressions: [{key: "team", operator: Exists}]}, podSelector: {}}, {ipBlock: {cidr: "10.0.0.0/8", except: ["10.1.0.0/16"]}}]
      ports: [{protocol: TCP, port: 80, endPort: 90}, {protocol: UDP, port: "dns"}]
)");
}

TEST(Text, AProbeAsALineOfAProbesFile) {
  model::Probe probe = tcp("prod/web-1", "10.0.3.9", 443);
  EXPECT_EQ(to_json(probe), R"({"from": "prod/web-1", "to": "10.0.3.9", "protocol": "TCP", "port": 443})");
  probe = build::probe("fd00::1", "a/b", net::Protocol(89));
  probe.family = net::Family::kIpv6;
  EXPECT_EQ(to_json(probe), R"({"from": "fd00::1", "to": "a/b", "family": "IPv6", "protocol": 89})");
}

}  // namespace
}  // namespace sluice::oracle
