#include <algorithm>

#include "tests/oracle/random_cluster.h"
#include "tests/oracle/random_objects.h"

namespace sluice::oracle {
namespace {

using model::Cluster;
using model::Party;
using model::Pod;
using model::Probe;
using net::Ip;
using net::Port;

// GRE, OSPF, no next header, one for experiments, and the IPv6 extension headers.
const std::vector<uint8_t> kOddProtocols = {47, 89, 59, 253, 0, 43, 44, 51, 60, 135, 139, 140};

struct ServiceAddress {
  Ip ip;
  net::Protocol protocol;
  Port port;
};

// What a cluster makes worth asking about; every list in a fixed order.
struct Interests {
  std::vector<const Pod*> pods;
  std::vector<Ip> addresses;  // known ones and those at and next to the borders of policies' CIDRs
  std::vector<ServiceAddress> services;
  std::vector<Port> ports;  // at and next to the borders of policies' ranges, and all that objects name
};

// Addresses that one machine may send to another in earnest: no loopback, multicast, link-local or
// unspecified ones, and none that embed IPv4.
bool is_ordinary(const Ip& ip) {
  const auto bytes = ip.bytes();
  if (ip.family() == net::Family::kIpv4) return bytes[0] > 0 && bytes[0] != 127 && bytes[0] < 224;
  return bytes[0] != 0 && bytes[0] != 0xff && bytes[0] != 0xfe;
}

void add_borders(std::vector<Ip>& addresses, const net::Cidr& cidr) {
  const Ip first = cidr.base(), last = last_address(cidr);
  for (const Ip& ip : {neighbour(first, -1), first, last, neighbour(last, 1)})
    if (is_ordinary(ip)) addresses.push_back(ip);
}

void add_borders(std::vector<Port>& ports, const net::PortRange& range) {
  for (int number :
       {range.first.host() - 1, range.first.host() + 0, range.last.host() + 0, range.last.host() + 1})
    if (auto port = Port::from_number(number)) ports.push_back(*port);
}

void add_rule(Interests& interests, const model::Rule& rule) {
  for (const model::Peer& peer : rule.peers) {
    const auto* block = std::get_if<model::IpBlock>(&peer);
    if (!block) continue;
    add_borders(interests.addresses, block->cidr);
    for (const net::Cidr& except : block->except) add_borders(interests.addresses, except);
  }
  for (const model::PolicyPort& entry : rule.ports)
    if (const auto* range = std::get_if<net::PortRange>(&entry.port)) add_borders(interests.ports, *range);
}

void add_service(Interests& interests, const Cluster& cluster, const model::Service& service) {
  for (const model::ServicePort& entry : service.ports) {
    interests.ports.push_back(entry.port);
    for (const Ip& ip : service.addresses) interests.services.push_back({ip, entry.protocol, entry.port});
    if (const auto* target = std::get_if<Port>(&entry.target)) interests.ports.push_back(*target);
    if (!entry.node_port) continue;
    for (const auto& [name, node] : cluster.nodes)
      for (const Ip& ip : node.addresses)
        interests.services.push_back({ip, entry.protocol, *entry.node_port});
  }
}

void add_host_port(Interests& interests, const Cluster& cluster, const model::HostPort& port) {
  for (const auto& [name, node] : cluster.nodes)
    for (const Ip& ip : node.addresses) interests.services.push_back({ip, port.protocol, port.port});
}

Interests interests_of(const Cluster& cluster) {
  Interests interests;
  interests.addresses = known_addresses(cluster);
  for (const auto& [name, addresses] : cluster.resolved)
    for (int weight = 0; weight < 3; ++weight)
      interests.addresses.insert(interests.addresses.end(), addresses.begin(), addresses.end());
  for (int number : kPortNumbers) interests.ports.push_back(Port::from_host(static_cast<uint16_t>(number)));
  for (const auto& [name, pod] : cluster.pods) {
    interests.pods.push_back(&pod);
    for (const model::ContainerPort& port : pod.ports) interests.ports.push_back(port.port);
    for (const model::HostPort& port : pod.host_ports) add_host_port(interests, cluster, port);
  }
  for (const auto& [name, service] : cluster.services) add_service(interests, cluster, service);
  for (const auto& [name, policy] : cluster.policies)
    for (model::Direction direction : model::kDirections)
      for (const model::Rule& rule : policy.rules(direction)) add_rule(interests, rule);
  return interests;
}

class ProbeDrawer {
 public:
  ProbeDrawer(const Cluster& cluster, uint64_t seed)
      : cluster_(cluster), interests_(interests_of(cluster)), random_(seed) {}

  Probe draw() {
    const int kind = random_.between(1, 100);
    if (kind <= 25) return between({any_party(), any_pod()});
    if (kind <= 45 && !interests_.services.empty()) return to_service();
    if (kind <= 55) return to_own_node();
    if (kind <= 60) return to_itself();
    if (kind <= 75) return between({any_address(), any_pod()});
    if (kind <= 98) return between({any_pod(), any_address()});
    return nonsense();
  }

 private:
  Party any_address() { return random_.pick(interests_.addresses); }
  Party any_pod() {
    return interests_.pods.empty() ? any_address() : name_or_address(*random_.pick(interests_.pods));
  }
  Party any_party() { return random_.chance(90) ? any_pod() : any_address(); }

  Party name_or_address(const Pod& pod) {
    if (!pod.ips.empty() && (random_.chance(30) || !pod.takes_part())) return random_.pick(pod.ips);
    return pod.takes_part() || random_.chance(5) ? Party(pod.name) : any_address();
  }

  // Braces, because a list is drawn from left to right and function arguments in no fixed order.
  struct Ends {
    Party from, to;
  };
  Probe between(Ends ends) {
    Probe probe{std::move(ends.from), std::move(ends.to), {}, net::kTcp, {}};
    align(probe);
    draw_port(probe);
    return probe;
  }

  // Two plain addresses of two families make no sense: draw the destination again, a few times.
  void align(Probe& probe) {
    for (int attempt = 0; attempt < 8 && !may_meet(probe); ++attempt) probe.to = any_address();
    if (random_.chance(8)) probe.family = random_.pick({net::Family::kIpv4, net::Family::kIpv6});
  }
  bool may_meet(const Probe& probe) const {
    const auto from = ips_of(probe.from), to = ips_of(probe.to);
    return std::any_of(from.begin(), from.end(), [&](const Ip& a) {
      return std::any_of(to.begin(), to.end(), [&](const Ip& b) { return a.family() == b.family(); });
    });
  }
  std::vector<Ip> ips_of(const Party& party) const {
    if (const auto* ip = std::get_if<Ip>(&party)) return {*ip};
    return cluster_.pods.at(std::get<model::ObjectName>(party)).ips;
  }

  void draw_port(Probe& probe) {
    probe.port.reset();
    if (random_.chance(88)) {
      probe.protocol = random_port_protocol(random_);
      probe.port = random_.pick(interests_.ports);
      return;
    }
    probe.protocol = random_.chance(60) ? net::kIcmp : net::Protocol(random_.pick(kOddProtocols));
  }

  // Now and then by another protocol, or at a port next to it: a plain address then.
  Probe to_service() {
    const ServiceAddress& service = random_.pick(interests_.services);
    Probe probe{any_party(), service.ip, {}, service.protocol, service.port};
    for (int attempt = 0; attempt < 8 && !may_meet(probe); ++attempt) probe.from = any_party();
    if (random_.chance(10)) draw_port(probe);
    return probe;
  }

  Probe to_own_node() {
    const Party pod = any_pod();
    const auto* name = std::get_if<model::ObjectName>(&pod);
    if (!name) return between({pod, any_address()});
    auto node = cluster_.nodes.find({"", cluster_.pods.at(*name).node_name});
    if (node == cluster_.nodes.end() || node->second.addresses.empty()) return between({pod, any_address()});
    const Ip address = random_.pick(node->second.addresses);
    return random_.chance(50) ? between({pod, address}) : between({address, pod});
  }

  Probe to_itself() {
    const Party pod = any_pod();
    return between({pod, pod});
  }

  Probe nonsense() {
    Probe probe = between({any_pod(), any_pod()});
    switch (random_.below(4)) {
      case 0:
        probe.to = model::ObjectName{"blue", "nobody"};
        break;
      case 1:
        probe.protocol = net::kTcp, probe.port.reset();
        break;
      case 2:
        probe.protocol = net::kIcmp, probe.port = Port::from_host(7);
        break;
      case 3:
        probe.from = Ip::parse("192.0.2.1").value(), probe.to = Ip::parse("2001:db8::1").value();
    }
    return probe;
  }

  const Cluster& cluster_;
  Interests interests_;
  Random random_;
};

}  // namespace

std::vector<Probe> random_probes(const Cluster& cluster, uint64_t seed, size_t count) {
  ProbeDrawer drawer(cluster, seed);
  std::vector<Probe> probes;
  while (probes.size() < count) probes.push_back(drawer.draw());
  return probes;
}

}  // namespace sluice::oracle
