#include <algorithm>
#include <array>
#include <tuple>

#include "tests/oracle/random_objects.h"

namespace sluice::oracle {
namespace {

using model::Cluster;
using model::Labels;
using model::Pod;
using net::Family;
using net::Ip;

struct LabelPool {
  const char* key;
  std::vector<std::string> values;
};
const LabelPool kLabels[] = {
    {"app", {"db", "web", "cache"}}, {"tier", {"", "back", "front"}}, {"env", {"live", "no"}}};

bool has_ip(const Cluster& cluster, const Ip& ip) {
  return std::any_of(cluster.pods.begin(), cluster.pods.end(), [&](const auto& entry) {
    const auto& ips = entry.second.ips;
    return std::find(ips.begin(), ips.end(), ip) != ips.end();
  });
}

// Close together, so that short prefixes hold several pods.
Ip pod_address(Random& random, const Cluster& cluster, Family family) {
  const size_t room = 40 + 2 * cluster.pods.size();
  const char* base = family == Family::kIpv4 ? "10.0.0.0" : "fd00:10::";
  while (true) {
    Ip ip = address_at(base, static_cast<uint32_t>(1 + random.below(room)));
    if (!has_ip(cluster, ip)) return ip;
  }
}

// The address of another pod of this family: one that has finished as a rule, now and then one that still
// claims it.
std::optional<Ip> reused_address(Random& random, const Cluster& cluster, Family family) {
  std::vector<Ip> candidates;
  for (const auto& [name, pod] : cluster.pods)
    for (const Ip& ip : pod.ips)
      if (!pod.host_network && ip.family() == family) candidates.push_back(ip);
  if (candidates.empty()) return std::nullopt;
  return random.pick(candidates);
}

std::vector<Ip> pod_addresses(Random& random, const Cluster& cluster) {
  using Families = std::vector<Family>;
  const Families families = random.pick<Families>({{Family::kIpv4},
                                                   {Family::kIpv4},
                                                   {Family::kIpv4, Family::kIpv6},
                                                   {Family::kIpv4, Family::kIpv6},
                                                   {Family::kIpv6, Family::kIpv4},
                                                   {Family::kIpv6}});
  std::vector<Ip> ips;
  for (Family family : families) {
    std::optional<Ip> reused;
    if (random.chance(5)) reused = reused_address(random, cluster, family);
    ips.push_back(reused ? *reused : pod_address(random, cluster, family));
  }
  return ips;
}

void move_to_host_network(Pod& pod, const Cluster& cluster) {
  pod.host_network = true;
  pod.ips.clear();
  auto node = cluster.nodes.find({"", pod.node_name});
  if (node == cluster.nodes.end()) return;
  for (Family family : {Family::kIpv4, Family::kIpv6})
    for (const Ip& ip : node->second.addresses)
      if (ip.family() == family) {
        pod.ips.push_back(ip);
        break;
      }
}

std::string random_node_name(Random& random, const Cluster& cluster) {
  if (random.chance(6)) return "";
  if (random.chance(4) || cluster.nodes.empty()) return "gone";
  auto node = cluster.nodes.begin();
  std::advance(node, static_cast<long>(random.below(cluster.nodes.size())));
  return node->first.name;
}

// A port of the node for one of the pod's, from few, so that pods, node ports and Services on the node's
// addresses meet there.
model::HostPort random_host_port(Random& random, const Cluster& cluster, const model::ContainerPort& target) {
  model::HostPort port{
      target.protocol, random.chance(50) ? random_port(random) : target.port, {}, target.port};
  if (random.chance(30))
    port.port = net::Port::from_host(static_cast<uint16_t>(random.between(30000, 30040)));
  const int kind = random.between(1, 100);
  if (kind <= 15) port.ip = Ip::parse("0.0.0.0").value();
  if (kind > 15 && kind <= 30) port.ip = Ip::parse("::").value();
  if (kind <= 30 || kind > 60 || cluster.nodes.empty()) return port;
  auto node = cluster.nodes.begin();
  std::advance(node, static_cast<long>(random.below(cluster.nodes.size())));
  const auto& addresses = node->second.addresses;
  port.ip = addresses.empty() ? Ip::parse("127.0.0.1").value() : random.pick(addresses);
  return port;
}

// Once each, as the API has it.
void give_host_port(Pod& pod, const model::HostPort& port) {
  auto same = [&](const model::HostPort& other) {
    return std::tie(other.protocol, other.port, other.ip) == std::tie(port.protocol, port.port, port.ip);
  };
  if (std::none_of(pod.host_ports.begin(), pod.host_ports.end(), same)) pod.host_ports.push_back(port);
}

// Around addresses that exist, and around none.
std::vector<net::Cidr> random_source_prefixes(Random& random, const Cluster& cluster) {
  std::vector<net::Cidr> prefixes;
  for (int left = random.between(1, 3); left > 0; --left) {
    const Ip base = random.pick(known_addresses(cluster));
    const int all = net::address_bits(base.family());
    prefixes.push_back(
        net::Cidr::of(base, random.pick({all, all - 2, all - 5, all - 8, all / 2, 0})).value());
  }
  std::sort(prefixes.begin(), prefixes.end());
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  return prefixes;
}

}  // namespace

Ip address_at(const char* base, uint32_t offset) {
  const Ip ip = Ip::parse(base).value();
  std::vector<uint8_t> bytes(ip.bytes().begin(), ip.bytes().end());
  for (size_t i = 0; i < 4; ++i)
    bytes[bytes.size() - 1 - i] = static_cast<uint8_t>(bytes[bytes.size() - 1 - i] + (offset >> (8 * i)));
  return Ip::from_bytes(bytes).value();
}

Ip neighbour(const Ip& ip, int step) {
  std::vector<uint8_t> bytes(ip.bytes().begin(), ip.bytes().end());
  const uint8_t carries_at = step > 0 ? 0xff : 0x00;
  for (size_t i = bytes.size(); i-- > 0;) {
    const bool carries = bytes[i] == carries_at;
    bytes[i] = static_cast<uint8_t>(bytes[i] + step);
    if (!carries) break;
  }
  return Ip::from_bytes(bytes).value();
}

Ip last_address(const net::Cidr& cidr) {
  std::vector<uint8_t> bytes(cidr.base().bytes().begin(), cidr.base().bytes().end());
  for (int bit = cidr.length(); bit < net::address_bits(cidr.family()); ++bit)
    bytes[static_cast<size_t>(bit / 8)] |= static_cast<uint8_t>(0x80u >> (bit % 8));
  return Ip::from_bytes(bytes).value();
}

std::vector<Ip> known_addresses(const Cluster& cluster) {
  std::vector<Ip> known;
  for (const char* outside :
       {"192.0.2.1", "198.51.100.7", "203.0.113.1", "8.8.8.8", "2001:db8::1", "2001:db8:1::7"})
    known.push_back(Ip::parse(outside).value());
  for (const auto& [name, pod] : cluster.pods) known.insert(known.end(), pod.ips.begin(), pod.ips.end());
  for (const auto& [name, node] : cluster.nodes)
    known.insert(known.end(), node.addresses.begin(), node.addresses.end());
  for (const auto& [name, service] : cluster.services)
    known.insert(known.end(), service.addresses.begin(), service.addresses.end());
  for (const auto& [name, slice] : cluster.endpoint_slices)
    for (const model::Endpoint& endpoint : slice.endpoints)
      known.insert(known.end(), endpoint.addresses.begin(), endpoint.addresses.end());
  return known;
}

net::Port random_port(Random& random) {
  return net::Port::from_host(static_cast<uint16_t>(random.pick(kPortNumbers)));
}

net::Protocol random_port_protocol(Random& random) {
  return random.pick({net::kTcp, net::kTcp, net::kTcp, net::kUdp, net::kUdp, net::kSctp});
}

Labels random_labels(Random& random) {
  Labels labels;
  for (const LabelPool& pool : kLabels)
    if (random.chance(65)) labels[pool.key] = random.pick(pool.values);
  return labels;
}

model::LabelSelector random_selector(Random& random) {
  model::LabelSelector selector;
  auto& all = selector.requirements.edit();
  for (int left = random.between(0, 2); left > 0; --left) {
    const LabelPool& pool = kLabels[random.below(std::size(kLabels))];
    model::Requirement one{pool.key,
                           random.pick({model::Operator::kIn, model::Operator::kIn, model::Operator::kNotIn,
                                        model::Operator::kExists, model::Operator::kDoesNotExist}),
                           {}};
    if (one.op == model::Operator::kIn || one.op == model::Operator::kNotIn)
      for (int values = random.between(1, 2); values > 0; --values)
        one.values.push_back(random.pick(pool.values));
    std::sort(one.values.begin(), one.values.end());
    one.values.erase(std::unique(one.values.begin(), one.values.end()), one.values.end());
    all.push_back(one);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return selector;
}

model::Node random_node(Random& random, const std::string& name, int index) {
  const auto offset = static_cast<uint32_t>(10 + index);
  model::Node node{{"", name}, {}};
  if (random.chance(90)) node.addresses.push_back(address_at("192.168.1.0", offset));
  if (random.chance(60)) node.addresses.push_back(address_at("fd01::", offset));
  if (random.chance(30)) node.addresses.push_back(address_at("203.0.113.0", offset));
  std::sort(node.addresses.begin(), node.addresses.end());
  return node;
}

model::Namespace random_namespace(Random& random, const Cluster& cluster, const std::string& name) {
  model::Namespace ns{{"", name}, random_labels(random)};
  if (random.chance(12)) ns.source_prefixes = random_source_prefixes(random, cluster);
  ns.labels[model::kNamespaceNameLabel] = name;
  ns.audit = random.chance(8);
  return ns;
}

Pod random_pod(Random& random, const Cluster& cluster, const model::ObjectName& name) {
  Pod pod;
  pod.name = name;
  pod.uid = "uid-" + std::to_string(random.below(1u << 30));
  pod.node_name = random_node_name(random, cluster);
  pod.labels = random_labels(random);
  pod.created = 1'700'000'000 + static_cast<int64_t>(random.below(20));
  if (random.chance(95)) pod.ips = pod_addresses(random, cluster);
  if (random.chance(8)) move_to_host_network(pod, cluster);
  if (random.chance(8)) pod.phase = random.pick({model::PodPhase::kSucceeded, model::PodPhase::kFailed});
  if (random.chance(4) || pod.ips.empty()) pod.phase = model::PodPhase::kPending;
  pod.ready = pod.phase == model::PodPhase::kRunning && random.chance(90);
  pod.terminating = random.chance(10);
  for (int ports = random.between(0, 4); ports > 0; --ports) {
    pod.ports.push_back({random.chance(80) ? random.pick(kPortNames) : "", random_port_protocol(random),
                         random_port(random)});
    if (!pod.host_network && random.chance(12))
      give_host_port(pod, random_host_port(random, cluster, pod.ports.back()));
  }
  if (random.chance(12)) pod.source_prefixes = random_source_prefixes(random, cluster);
  return pod;
}

}  // namespace sluice::oracle
