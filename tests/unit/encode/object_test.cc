// Objects that were written are read back as they were.
#include "agent/source/encode/object.h"

#include <gtest/gtest.h>

#include "agent/source/decode/decode.h"
#include "agent/source/encode/text.h"
#include "tests/oracle/random_cluster.h"

namespace sluice::source::encode {
namespace {

model::Cluster read(const std::string& text) {
  const decode::Decoded decoded = decode::decode(text, "f");
  for (const auto& problem : decoded.problems) ADD_FAILURE() << problem.to_text() << "\n" << text;
  for (const auto& warning : decoded.warnings) ADD_FAILURE() << warning.to_text() << "\n" << text;
  model::Cluster cluster;
  for (const auto& object : decoded.objects) cluster.apply(model::Change::upsert(object.object));
  return cluster;
}

std::string yaml_of(const model::Cluster& cluster) {
  std::string text;
  for (const model::Object& object : cluster.objects())
    text += "---\n" + to_yaml_document(to_json_object(object));
  return text;
}

std::string json_of(const model::Cluster& cluster) {
  std::string text;
  for (const model::Object& object : cluster.objects()) text += to_indented_json(to_json_object(object));
  return text;
}

TEST(Object, RandomClustersAreReadBack) {
  size_t objects = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    const model::Cluster cluster = oracle::with_tiers(oracle::random_cluster(seed, 12), seed);
    objects += cluster.objects().size();
    EXPECT_EQ(read(yaml_of(cluster)), cluster) << "seed " << seed << "\n" << yaml_of(cluster);
    EXPECT_EQ(read(json_of(cluster)), cluster) << "seed " << seed;
  }
  EXPECT_GT(objects, 4000u);
}

// What random clusters do not have: every field of a pod, in the words that YAML reads as something else.
TEST(Object, EveryFieldIsReadBack) {
  model::Pod pod;
  pod.name = {"shop", "true"};
  pod.uid = "--- a\"b\\c # {{ .Values.x }} \u00e9 : - [x]";
  pod.node_name = "null";
  pod.labels = {{"a", "true"},     {"b", "1e3"},        {"c", "0x10"}, {"d", ""},
                {"e.f/g", "null"}, {"h", "2024-05-01"}, {"y", "No"}};
  pod.phase = model::PodPhase::kUnknown;
  pod.ready = false;
  pod.terminating = true;
  pod.created = 951'782'399;
  pod.ips = {*net::Ip::parse("10.0.0.9"), *net::Ip::parse("fd00::9")};
  const auto port = [](uint16_t number) { return net::Port::from_host(number); };
  pod.ports = {{"http", net::kTcp, port(80)},
               {"", net::kTcp, port(81)},
               {"http", net::kTcp, port(82)},
               {"", net::kUdp, port(81)}};
  pod.host_ports = {{net::kTcp, port(8081), {}, port(81)},
                    {net::kUdp, port(53), net::Ip::parse("0.0.0.0").value(), port(81)}};
  pod.source_prefixes = {*net::Cidr::parse("10.1.0.0/16"), *net::Cidr::parse("fd01::/64")};
  pod.controller = "replicaset/web-5d8b";
  pod.flows = 4'000'000'000;
  pod.observe_allowed = true;
  model::Namespace ns{{"", "shop"}, {{"team", "on"}, {model::kNamespaceNameLabel, "shop"}}};
  ns.source_prefixes = pod.source_prefixes;
  ns.observe_allowed = true;
  ns.audit = true;
  model::NetworkPolicy policy;
  policy.name = {"shop", "web"};
  policy.audit = policy.metrics = true;
  policy.log_level = model::LogLevel::kDenied;
  model::Pod other = pod;
  other.name.name = "other";
  other.controller = "rollout/x/y";
  other.created = -62'167'219'200;
  other.host_network = true;
  other.host_ports.clear();
  model::Cluster cluster;
  for (const model::Object& object :
       {model::Object(pod), model::Object(ns), model::Object(policy), model::Object(other)})
    cluster.apply(model::Change::upsert(object));
  EXPECT_EQ(read(yaml_of(cluster)), cluster) << yaml_of(cluster);
  EXPECT_EQ(read(json_of(cluster)), cluster) << json_of(cluster);
}

// What random clusters do not have: names, whole protocols, and rules that nobody could read.
TEST(Object, EveryFieldOfAClusterNetworkPolicyIsReadBack) {
  const std::string written = R"(apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata:
  name: a.b
spec:
  tier: Admin
  priority: 7
  subject:
    pods:
      podSelector:
        matchLabels:
          app: "yes"
  ingress:
  - name: "a: b"
    action: Pass
    from:
    - namespaces: {}
    protocols:
    - udp:
        destinationPort:
          range:
            start: 1
            end: 65535
  egress:
  - action: Accept
    to:
    - domainNames:
      - "*.example.com"
      - example.org
    - nodes:
        matchExpressions:
        - key: a
          operator: Exists
    protocols:
    - destinationNamedPort: "on"
    - sctp:
        destinationPort:
          number: 5
)";
  const model::Cluster cluster = read(written);
  ASSERT_EQ(cluster.cluster_policies.size(), 1u);
  EXPECT_EQ(to_yaml_document(to_json_object(cluster.cluster_policies.begin()->second)), written);
}

TEST(Object, RulesThatCloseCloseAgain) {
  const decode::Decoded held = decode::decode(R"(apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: a}
spec:
  tier: Baseline
  priority: 2000
  subject: {namespaces: {}}
  ingress:
  - {action: Accept, from: [{moons: {}}]}
  - {action: Later, from: [{namespaces: {}}]}
  egress:
  - {action: Deny, to: [{namespaces: {}}], protocols: [{tcp: {}}]}
)",
                                              "f");
  ASSERT_EQ(held.closed.size(), 1u);
  const auto& policy = std::get<model::ClusterNetworkPolicy>(held.closed.front().policy);
  ASSERT_TRUE(policy.ingress.at(0).closed && policy.ingress.at(1).closed && !policy.egress.at(0).closed);
  const decode::Decoded again = decode::decode(to_yaml_document(to_json_object(policy)), "f");
  ASSERT_EQ(again.closed.size(), 1u);
  EXPECT_EQ(std::get<model::ClusterNetworkPolicy>(again.closed.front().policy), policy);
}

TEST(Object, WhenAPolicyIsInForceIsWritten) {
  model::NetworkPolicy policy;
  model::ClusterNetworkPolicy tier;
  policy.active = tier.active = "until 2030";
  for (const auto& object : {to_json_object(policy), to_json_object(tier)})
    EXPECT_EQ(object.at("metadata").at("annotations").at("sluice.dev/active").as_string(), "until 2030");
}

TEST(Object, AsPeopleReadIt) {
  model::Pod pod;
  pod.name = {"shop", "web-1"};
  pod.labels = {{"app", "web"}};
  pod.node_name = "node-1";
  pod.ips = {*net::Ip::parse("10.0.0.9")};
  pod.ports = {{"http", net::kTcp, net::Port::from_host(80)}};
  pod.controller = "replicaset/web";
  EXPECT_EQ(to_yaml_document(to_json_object(model::Object(pod))), R"(apiVersion: v1
kind: Pod
metadata:
  name: web-1
  namespace: shop
  labels:
    app: web
  ownerReferences:
  - apiVersion: apps/v1
    kind: ReplicaSet
    name: web
    controller: true
spec:
  nodeName: node-1
  containers:
  - name: c0
    ports:
    - name: http
      containerPort: 80
      protocol: TCP
status:
  phase: Running
  podIPs:
  - ip: "10.0.0.9"
)");
}

// Times that nobody can write are the nearest that somebody can.
TEST(Object, TimesOutOfReach) {
  model::Pod pod;
  pod.name = {"a", "b"};
  for (const auto& [created, written] :
       {std::pair(INT64_MIN, "0000-01-01T00:00:00Z"), {INT64_MAX, "9999-12-31T23:59:59Z"}}) {
    pod.created = created;
    EXPECT_EQ(to_json_object(model::Object(pod)).at("metadata").at("creationTimestamp").as_string(), written);
  }
}

}  // namespace
}  // namespace sluice::source::encode
