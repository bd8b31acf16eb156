#include "bench/packet/world.h"

#include <algorithm>

namespace sluice::bench {
namespace {

constexpr char kNamespace[] = "bench";
constexpr net::Family kFamilies[] = {net::Family::kIpv4, net::Family::kIpv6};
constexpr uint16_t kFirstRange = 1000, kRangeStep = 32, kRangeWidth = 8;
constexpr uint16_t kFirstOwnPort = 40000;

using Selector = model::LabelSelector;

// base + index, counted in IPv4's last bits, or in IPv6's last 32.
net::Ip nth(const char* base4, const char* base6, net::Family family, uint32_t index) {
  const net::Ip base = net::Ip::parse(family == net::Family::kIpv4 ? base4 : base6).value();
  std::vector<uint8_t> bytes(base.bytes().begin(), base.bytes().end());
  uint32_t carry = index;
  for (size_t i = bytes.size(); i-- > bytes.size() - 4;) {
    carry += bytes[i];
    bytes[i] = static_cast<uint8_t>(carry);
    carry >>= 8;
  }
  return net::Ip::from_bytes(bytes).value();
}

// Blocks lie scattered over 2^20 places, 256 addresses each (IPv6: 2^16 of the last 32 bits).
uint32_t block_place(unsigned index) {
  return index * 0x9e3b1u & 0xfffff;
}
net::Ip block_base(unsigned index, net::Family family) {
  return family == net::Family::kIpv4 ? nth("96.0.0.0", "::", family, block_place(index) << 8)
                                      : nth("::", "fd00:20::", family, block_place(index) << 12);
}

Selector with(const std::string& key, const std::string& value) {
  Selector selector;
  selector.requirements = {{key, model::Operator::kIn, {value}}};
  return selector;
}

std::string group_name(unsigned group) {
  return "peer-" + std::to_string(group);
}

unsigned groups_of(const Size& size) {
  return std::max(1u, std::min(size.policies, size.addresses));
}

model::Pod pod(const std::string& name, model::Labels labels, const std::string& node,
               net::Ip (*address)(unsigned, net::Family), unsigned index) {
  model::Pod pod;
  pod.name = {kNamespace, name};
  pod.uid = name;
  pod.node_name = node;
  pod.labels = std::move(labels);
  for (net::Family family : kFamilies) pod.ips.push_back(address(index, family));
  return pod;
}

net::Ip own_address(unsigned index, net::Family family) {
  return nth("10.0.0.1", "fd00::1", family, index);
}

// kAllowedPort, size.ranges - 1 ranges far from it, and one that only this policy has.
std::vector<model::PolicyPort> ports_of(const Size& size, unsigned policy) {
  std::vector<model::PolicyPort> ports;
  auto add = [&](unsigned first, unsigned last) {
    const net::PortRange range{net::Port::from_host(static_cast<uint16_t>(first)),
                               net::Port::from_host(static_cast<uint16_t>(last))};
    for (net::Protocol protocol : {net::kTcp, net::kUdp}) {
      model::PolicyPort& port = ports.emplace_back();
      port.protocol = protocol;
      port.port = range;
    }
  };
  add(kAllowedPort, kAllowedPort);
  for (unsigned i = 1; i < size.ranges; ++i)
    add(kFirstRange + i * kRangeStep, kFirstRange + i * kRangeStep + kRangeWidth);
  const unsigned round = policy / groups_of(size);
  if (round > 0) add(kFirstOwnPort + round, kFirstOwnPort + round);
  return ports;
}

model::NetworkPolicy both_ways(const std::string& name, Selector pods, model::Rule rule) {
  model::NetworkPolicy policy;
  policy.name = {kNamespace, name};
  policy.pod_selector = std::move(pods);
  policy.isolates_ingress = policy.isolates_egress = true;
  policy.ingress = policy.egress = {std::move(rule)};
  return policy;
}

model::Rule rule_for(const std::string& app, std::vector<model::PolicyPort> ports) {
  model::Rule rule;
  rule.peers = {model::SelectorPeer{with("app", app), std::nullopt}};
  rule.ports = std::move(ports);
  return rule;
}

model::NetworkPolicy blocks(const Size& size) {
  model::Rule rule;
  rule.ports = ports_of(size, 0);
  for (unsigned i = 0; i < size.cidrs; ++i) {
    for (net::Family family : kFamilies) {
      const net::Ip base = block_base(i, family);
      const int length = family == net::Family::kIpv4 ? 24 : 116;
      rule.peers.emplace_back(
          model::IpBlock{net::Cidr::of(base, length).value(), {net::Cidr::of(base, length + 2).value()}});
    }
  }
  return both_ways("blocks", with("role", "isolated"), std::move(rule));
}

model::Service service(unsigned index, unsigned group) {
  model::Service service;
  service.name = {kNamespace, "service-" + std::to_string(index)};
  for (net::Family family : kFamilies) service.addresses.push_back(service_address(index, family));
  service.families = {net::Family::kIpv4, net::Family::kIpv6};
  for (net::Protocol protocol : {net::kTcp, net::kUdp}) {
    model::ServicePort port;
    port.name = protocol.to_text();
    port.protocol = protocol;
    port.port = net::Port::from_host(kAllowedPort);
    port.target = port.port;
    service.ports.push_back(port);
  }
  service.selector = model::Labels{{"app", group_name(group)}};
  return service;
}

}  // namespace

model::ObjectName name_of(TestPod pod) {
  return {kNamespace, pod == TestPod::kIsolated ? "isolated" : "open"};
}
net::Ip address_of(TestPod pod, net::Family family) {
  return own_address(static_cast<unsigned>(pod), family);
}
std::vector<model::ObjectName> local_pods() {
  return {name_of(TestPod::kIsolated), name_of(TestPod::kOpen), {kNamespace, "other"}};
}

net::Ip peer_address(unsigned index, net::Family family) {
  return nth("10.16.0.1", "fd00:10::1", family, index);
}
net::Ip stranger_address(unsigned index, net::Family family) {
  return nth("10.240.0.1", "fd00:24::1", family, index);
}
net::Ip unknown_address(unsigned index, net::Family family) {
  return nth("203.0.113.1", "fd00:66::1", family, index);
}
net::Ip block_address(unsigned index, net::Family family) {
  std::vector<uint8_t> bytes;
  const net::Ip base = block_base(index, family);
  bytes.assign(base.bytes().begin(), base.bytes().end());
  if (family == net::Family::kIpv4)
    bytes.back() = 200;  // the except is the first quarter
  else
    bytes[14] |= 0x0c;
  return net::Ip::from_bytes(bytes).value();
}
net::Ip service_address(unsigned index, net::Family family) {
  return nth("10.250.0.1", "fd00:25::1", family, index);
}

std::vector<model::Change> make_world(const Size& size) {
  std::vector<model::Change> world;
  auto add = [&](model::Object object) { world.push_back(model::Change::upsert(std::move(object))); };
  model::Node node;
  node.name = {"", kNode};
  for (net::Family family : kFamilies) node.addresses.push_back(nth("192.168.0.1", "fd00:ff::1", family, 0));
  add(node);
  unsigned own = 0;
  for (const auto& name : local_pods()) add(pod(name.name, {{"role", name.name}}, kNode, own_address, own++));
  const unsigned groups = groups_of(size);
  for (unsigned i = 0; i < size.addresses; ++i)
    add(pod("peer-" + std::to_string(i), {{"app", group_name(i % groups)}}, "elsewhere", peer_address, i));
  for (unsigned i = 0; i < kStrangerCount; ++i)
    add(pod("stranger-" + std::to_string(i), {{"app", "stranger"}}, "elsewhere", stranger_address, i));
  for (unsigned i = 0; i < kServiceCount; ++i) add(service(i, i % groups));
  for (unsigned i = 0; i < size.policies; ++i)
    add(both_ways("policy-" + std::to_string(i), with("role", "isolated"),
                  rule_for(group_name(i % groups), ports_of(size, i))));
  add(both_ways("other", with("role", "other"), rule_for("stranger", {})));
  if (size.cidrs > 0) add(blocks(size));
  return world;
}

}  // namespace sluice::bench
