// The feed's messages and the model: decode(encode(x)) is x for every random cluster, and each wrong field is
// an error that names it.
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "agent/source/feed/decode.h"
#include "agent/source/feed/encode.h"
#include "tests/oracle/random_cluster.h"

namespace sluice::source::feed {
namespace {

constexpr uint64_t kSeeds = 300;

TEST(FeedCodec, RandomClustersComeBack) {
  size_t objects = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const model::Cluster cluster =
        oracle::with_tiers(oracle::random_cluster(seed, static_cast<int>(1 + seed % 12)), seed);
    for (const model::Object& object : cluster.objects()) {
      v1::Object sent;
      ASSERT_TRUE(sent.ParseFromString(encode(object).SerializeAsString()));
      const auto back = decode(sent);
      ASSERT_TRUE(back) << back.error().message();
      ASSERT_EQ(*back, object) << "seed " << seed << ": " << sent.ShortDebugString();
      ++objects;
    }
  }
  EXPECT_GT(objects, 10 * kSeeds);
}

TEST(FeedCodec, IdsComeBack) {
  for (const model::Kind kind : model::kKinds) {
    const model::ObjectId id{kind, {"prod", "web"}};
    const auto back = id_as_written(encode(id));
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(*back, id);
  }
}

TEST(FeedCodec, ChangesAreEvents) {
  const model::Namespace ns{{"", "prod"}, {}};
  const auto upsert = encode(model::Change::upsert(ns), 7);
  EXPECT_TRUE(upsert.has_upsert());
  EXPECT_EQ(upsert.observed(), 7);
  const auto removed = encode(model::Change::remove({model::Kind::kPod, {"prod", "web"}}), 0);
  EXPECT_EQ(removed.removed().kind(), v1::KIND_POD);
  EXPECT_EQ(removed.removed().name().namespace_(), "prod");
}

struct Row {
  const char* object;  // protobuf text
  const char* error;   // its beginning
};

class FeedRefuses : public testing::TestWithParam<Row> {};

TEST_P(FeedRefuses, NamesObjectAndField) {
  v1::Object object;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(GetParam().object, &object));
  const auto decoded = decode(object);
  ASSERT_FALSE(decoded) << "taken: " << object.ShortDebugString();
  EXPECT_TRUE(decoded.error().message().starts_with(GetParam().error)) << decoded.error().message();
  EXPECT_EQ(decoded.error().message().find('\n'), std::string::npos);
}

#define POD "name { namespace: 'prod' name: 'web' } "
const Row kRows[] = {
    {"", "object of no kind that is known here"},
    {"pod { name { name: 'web' } }", "Pod web: name.namespace: \"\" is not a DNS label"},
    {"pod { name { namespace: 'prod' } }", "Pod prod/: name.name: \"\" is not a DNS name"},
    {"pod { name { namespace: 'prod' name: 'a\\nb' } }", "Pod prod/a\\x0ab: name.name: "},
    {"pod { " POD "labels { key: '-' value: '' } }", "Pod prod/web: labels: \"-\" is not a label key"},
    {"pod { " POD "labels { key: 'a' value: '-' } }", "Pod prod/web: labels: \"-\" is not a label value"},
    {"pod { " POD "phase: 77 }", "Pod prod/web: phase: 77 is not a phase"},
    {"pod { " POD "ips: '10.0.0.256' }", "Pod prod/web: ips[0]: "},
    {"pod { " POD "ips: '10.0.0.1' ips: '10.0.0.2' }", "Pod prod/web: ips[1]: 10.0.0.2 is a second IPv4"},
    {"pod { " POD "ports { protocol: 6 port: 0 } }", "Pod prod/web: ports[0].port: "},
    {"pod { " POD "ports { protocol: 6 port: 65616 } }", "Pod prod/web: ports[0].port: "},
    {"pod { " POD "ports { protocol: 1 port: 80 } }", "Pod prod/web: ports[0].protocol: 1 is no protocol"},
    {"pod { " POD "ports { protocol: 262 port: 80 } }", "Pod prod/web: ports[0].protocol: 262 is no"},
    {"pod { " POD "ports { name: '80' protocol: 6 port: 80 } }", "Pod prod/web: ports[0].name: \"80\" "},
    {"pod { " POD "host_ports { protocol: 6 port: 0 target: 1 } }", "Pod prod/web: host_ports[0].port: "},
    {"pod { " POD "host_ports { protocol: 6 port: 1 } }", "Pod prod/web: host_ports[0].target: "},
    {"pod { " POD "host_ports { protocol: 1 port: 1 target: 1 } }",
     "Pod prod/web: host_ports[0].protocol: 1 is no protocol"},
    {"pod { " POD "host_ports { protocol: 6 port: 1 target: 1 ip: 'n' } }",
     "Pod prod/web: host_ports[0].ip: "},
    {"pod { " POD "host_network: true host_ports { protocol: 6 port: 1 target: 1 } }",
     "Pod prod/web: host_ports: must be empty"},
    {"namespace { name { name: 'a.b' } }", "Namespace a.b: name.name: \"a.b\" is not a DNS label"},
    {"namespace { name { namespace: 'x' name: 'a' } }", "Namespace x/a: name.namespace: must be empty"},
    {"node { name { name: 'n' } addresses: 'n' }", "Node n: addresses[0]: "},
    {"node { name { name: 'n' } pod_cidrs: '10.0.0.0' }", "Node n: pod_cidrs[0]: "},
    {"service { " POD "addresses: '' }", "Service prod/web: addresses[0]: "},
    {"service { " POD "addresses: '10.0.0.1' local_addresses: '10.0.0.2' }",
     "Service prod/web: local_addresses: holds an address that addresses lacks"},
    {"service { " POD "ports { protocol: 6 port: 1 node_port: 70000 } }",
     "Service prod/web: ports[0].node_port: "},
    {"service { " POD "ports { protocol: 6 port: 1 target_number: 0 } }",
     "Service prod/web: ports[0].target_number: "},
    {"service { " POD "ports { protocol: 6 port: 1 target_name: '' } }",
     "Service prod/web: ports[0].target_name: "},
    {"service { " POD "ports { name: 'a' protocol: 6 port: 1 } ports { name: 'a' protocol: 6 port: 2 } }",
     "Service prod/web: ports[1]: has the name of an earlier port"},
    {"service { " POD "ports { name: 'a' protocol: 6 port: 1 } ports { name: 'b' protocol: 6 port: 1 } }",
     "Service prod/web: ports[1]: TCP port 1 stands twice"},
    {"service { " POD "selector { key: 'a' value: 'b' } }", "Service prod/web: selector: is there while"},
    {"endpoint_slice { " POD "ipv6: true endpoints { addresses: '10.0.0.1' } }",
     "EndpointSlice prod/web: endpoints[0].addresses[0]: 10.0.0.1 is not IPv6"},
    {"endpoint_slice { " POD "endpoints { ready: true } }",
     "EndpointSlice prod/web: endpoints[0].addresses: is empty"},
    {"endpoint_slice { " POD "service: '/' }", "EndpointSlice prod/web: service: "},
    {"endpoint_slice { " POD "ports { protocol: 6 port: 65536 } }",
     "EndpointSlice prod/web: ports[0].port: "},
    {"network_policy { " POD "pod_selector { requirements { key: 'a' } } }",
     "NetworkPolicy prod/web: pod_selector.requirements[0].operator: 0 is not an operator"},
    {"network_policy { " POD "pod_selector { requirements { key: 'a' operator: OPERATOR_IN } } }",
     "NetworkPolicy prod/web: pod_selector.requirements[0].values: is empty"},
    {"network_policy { " POD
     "pod_selector { requirements { key: 'a' operator: OPERATOR_EXISTS values: 'b' } } }",
     "NetworkPolicy prod/web: pod_selector.requirements[0].values: must be empty"},
    {"network_policy { " POD "ingress { peers { } } }",
     "NetworkPolicy prod/web: ingress[0].peers[0]: has no peer"},
    {"network_policy { " POD "egress { peers { ip_block { cidr: '10.0.0.0/8' } pod_selector { } } } }",
     "NetworkPolicy prod/web: egress[0].peers[0]: has both"},
    {"network_policy { " POD "egress { } egress { peers { ip_block { cidr: '10.0.0.0/33' } } } }",
     "NetworkPolicy prod/web: egress[1].peers[0].ip_block.cidr: "},
    {"network_policy { " POD "egress { peers { ip_block { cidr: '10.0.0.0/8' except: '11.0.0.0/9' } } } }",
     "NetworkPolicy prod/web: egress[0].peers[0].ip_block.except[0]: 11.0.0.0/9 is not a part"},
    {"network_policy { " POD "ingress { ports { protocol: 6 range { first: 0 last: 5 } } } }",
     "NetworkPolicy prod/web: ingress[0].ports[0].range.first: "},
    {"network_policy { " POD "ingress { ports { protocol: 6 range { first: 9 last: 5 } } } }",
     "NetworkPolicy prod/web: ingress[0].ports[0].range: last 5 is less than first 9"},
    {"network_policy { " POD "ingress { ports { protocol: 6 name: 'UPPER' } } }",
     "NetworkPolicy prod/web: ingress[0].ports[0].name: "},
};
INSTANTIATE_TEST_SUITE_P(Rows, FeedRefuses, testing::ValuesIn(kRows));

TEST(FeedCodec, APodsShareOfTheFlowsComesBack) {
  model::Pod pod;
  pod.name = {"prod", "web"};
  pod.flows = 5000;
  pod.observe_allowed = true;
  const auto back = decode(encode(model::Object(pod)));
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(*back, model::Object(pod));
}

TEST(FeedCodec, WhatIsDoneWithAPolicyComesBack) {
  model::NetworkPolicy policy;
  policy.name = {"prod", "web"};
  policy.audit = policy.metrics = true;
  policy.log_level = model::LogLevel::kAll;
  model::Namespace ns;
  ns.name.name = "prod";
  ns.labels[model::kNamespaceNameLabel] = "prod";
  ns.audit = true;
  for (const model::Object& object : {model::Object(policy), model::Object(ns)}) {
    const auto back = decode(encode(object));
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(*back, object);
  }
  v1::Object unknown = encode(model::Object(policy));
  unknown.mutable_network_policy()->set_log_level(static_cast<v1::NetworkPolicy::LogLevel>(9));
  const auto refused = decode(unknown);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(),
            "NetworkPolicy prod/web: log_level: 9 is no log level that is known here");
}

// As they are written: in whose tzdata their zone is, the calendar says.
TEST(FeedCodec, HoursOfPoliciesComeBack) {
  model::NetworkPolicy policy;
  policy.name = {"prod", "web"};
  policy.active = "Mon-Fri 08:00-18:00 Europe/Atlantis";
  model::ClusterNetworkPolicy tier;
  tier.name.name = "nights";
  tier.active = "22:00-06:00";
  for (const model::Object& object : {model::Object(policy), model::Object(tier)}) {
    const auto back = decode(encode(object));
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(*back, object);
  }
  policy.active = std::string(2049, 'x');
  const auto refused = decode(encode(model::Object(policy)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "NetworkPolicy prod/web: active: is longer than 2048 bytes");
}

TEST(FeedCodec, ALongFieldIsRefused) {
  model::Pod pod;
  pod.name = {"prod", "web"};
  v1::Object object = encode(model::Object(pod));
  object.mutable_pod()->set_uid(std::string(5000, 'x'));
  const auto decoded = decode(object);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().message(), "Pod prod/web: uid: has 5000 bytes: at most 1024 may be");
  object.mutable_pod()->mutable_name()->set_name(std::string(5000, 'x'));
  EXPECT_FALSE(id_as_written(object));
}

// A service of 100,000 ports is refused in time that grows with its size, not with its square.
TEST(FeedCodec, AHugeObjectIsChecked) {
  model::Service service;
  service.name = {"prod", "web"};
  v1::Object object = encode(model::Object(service));
  for (int i = 0; i < 100'000; ++i) {
    auto* port = object.mutable_service()->add_ports();
    port->set_name("p" + std::to_string(i));
    port->set_protocol(6);
    port->set_port(static_cast<uint32_t>(1 + i % 65535));
  }
  const auto decoded = decode(object);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().message(), "Service prod/web: ports[65535]: TCP port 1 stands twice");
}

}  // namespace
}  // namespace sluice::source::feed
