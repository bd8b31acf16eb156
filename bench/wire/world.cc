#include "bench/wire/world.h"

#include <cstdio>

namespace sluice::bench::wire {
namespace {

using model::Direction;
using model::LabelSelector;
using model::NetworkPolicy;
using model::Object;
using model::Peer;
using model::PolicyPort;
using model::Rule;

constexpr char kNs[] = "bench";
constexpr char kElsewhereNs[] = "elsewhere";

net::Ip address(uint32_t host_order) {
  const uint8_t bytes[] = {static_cast<uint8_t>(host_order >> 24), static_cast<uint8_t>(host_order >> 16),
                           static_cast<uint8_t>(host_order >> 8), static_cast<uint8_t>(host_order)};
  return *net::Ip::from_bytes(bytes);
}

constexpr uint32_t kLocalBase = 0x0a400002;   // 10.64.0.2
constexpr uint32_t kRemoteBase = 0x0a500000;  // 10.80.0.0
constexpr uint32_t kBlockBase = 0x64400000;   // 100.64.0.0

LabelSelector labelled(const std::string& key, const std::string& value) {
  return {{{key, model::Operator::kIn, {value}}}};
}

Peer pods(const std::string& role) {
  return model::SelectorPeer{labelled("role", role), std::nullopt};
}

PolicyPort port(net::Protocol protocol, uint16_t first, uint16_t last) {
  return {protocol, net::PortRange{net::Port::from_host(first), net::Port::from_host(last)}};
}

NetworkPolicy policy(const std::string& ns, const std::string& name, const std::string& role,
                     Direction direction, std::vector<Rule> rules) {
  NetworkPolicy made;
  made.name = {ns, name};
  made.pod_selector = labelled("role", role);
  made.isolates_ingress = direction == Direction::kIngress;
  made.isolates_egress = direction == Direction::kEgress;
  (made.isolates_ingress ? made.ingress : made.egress) = std::move(rules);
  return made;
}

std::vector<NetworkPolicy> core_policies() {
  const std::vector<PolicyPort> measured = {port(net::kTcp, kPort, kPort), port(net::kUdp, kPort, kPort)};
  const PolicyPort any_tcp{net::kTcp, std::monostate()};
  const Peer pair = model::IpBlock{*net::Cidr::of(address(kLocalBase + kBystander), 31), {}};
  return {
      policy(kNs, "z1-closed", "closed", Direction::kIngress, {}),
      policy(kNs, "z2-bystander", "bystander", Direction::kIngress,
             {{{pods("sender")}, {port(net::kTcp, kPort, kPort)}}, {{pods("closed")}, {any_tcp}}}),
      policy(kElsewhereNs, "z3-stranger", "stranger", Direction::kEgress,
             {{{pair}, {port(net::kUdp, kPort, kPort)}}, {{pair}, {port(net::kTcp, kPort, kOtherPort)}}}),
      policy(kNs, "z4-sender", "sender", Direction::kEgress, {{{pods("bystander")}, measured}}),
      policy(kNs, "z5-sender", "sender", Direction::kEgress, {{{pods("receiver")}, measured}}),
      policy(kNs, "z6-receiver", "receiver", Direction::kIngress, {{{pods("sender")}, measured}}),
  };
}

std::string number_text(const char* prefix, size_t number) {
  char text[32];
  std::snprintf(text, sizeof(text), "%s%06zu", prefix, number);
  return text;
}

// The policies that a connection between sender and receiver meets in vain, each with the pod it names.
void add_filler(model::Cluster& cluster, size_t i) {
  const bool block = i % 10 == 9;
  const std::string name = number_text("peer-", i);
  Peer peer = model::IpBlock{*net::Cidr::of(address(kBlockBase + static_cast<uint32_t>(i) * 256), 24), {}};
  if (!block) {
    model::Pod pod;
    pod.name = {kNs, name};
    pod.node_name = "elsewhere";
    pod.labels = {{"role", name}};
    pod.ips = {address(kRemoteBase + static_cast<uint32_t>(i))};
    cluster.apply(model::Change::upsert(Object(std::move(pod))));
    peer = pods(name);
  }
  const auto first = static_cast<uint16_t>(8000 + i % 50);
  const auto last = static_cast<uint16_t>(i % 20 == 11 ? first + 9 : first);
  const bool ingress = i % 2 == 0;
  cluster.apply(model::Change::upsert(
      Object(policy(kNs, number_text("p", i), ingress ? "receiver" : "sender",
                    ingress ? Direction::kIngress : Direction::kEgress,
                    {{{std::move(peer)}, {port(i % 7 == 3 ? net::kUdp : net::kTcp, first, last)}}}))));
}

}  // namespace

std::vector<model::Pod> local_pods() {
  std::vector<model::Pod> all;
  for (const char* role : {"sender", "receiver", "bystander", "closed", "stranger"}) {
    model::Pod pod;
    pod.name = {all.size() == kStranger ? kElsewhereNs : kNs, role};
    pod.node_name = kNodeName;
    pod.labels = {{"role", role}};
    pod.ips = {address(kLocalBase + static_cast<uint32_t>(all.size()))};
    all.push_back(std::move(pod));
  }
  return all;
}

model::Cluster make_cluster(size_t policies) {
  model::Cluster cluster;
  for (model::Pod& pod : local_pods()) cluster.apply(model::Change::upsert(Object(std::move(pod))));
  if (policies == 0) return cluster;
  for (size_t i = 0; i + kCorePolicies < policies; ++i) add_filler(cluster, i);
  for (NetworkPolicy& core : core_policies()) cluster.apply(model::Change::upsert(Object(std::move(core))));
  return cluster;
}

}  // namespace sluice::bench::wire
