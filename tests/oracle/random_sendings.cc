#include <algorithm>

#include "tests/oracle/random_cluster.h"
#include "tests/oracle/random_objects.h"

namespace sluice::oracle {
namespace {

using model::Cluster;
using model::Pod;
using net::Ip;

std::vector<net::Cidr> prefixes_of(const Cluster& cluster, const Pod& pod) {
  std::vector<net::Cidr> all = pod.source_prefixes;
  for (const auto& [name, ns] : cluster.namespaces)
    if (name.name == pod.name.ns) all.insert(all.end(), ns.source_prefixes.begin(), ns.source_prefixes.end());
  return all;
}

Ip random_source(Random& random, const Cluster& cluster, const Pod& pod, const std::vector<Ip>& known) {
  const auto prefixes = prefixes_of(cluster, pod);
  const int kind = random.between(1, 100);
  if (kind <= 15) return random.pick(pod.ips);
  if (kind <= 60 && !prefixes.empty()) {
    const net::Cidr prefix = random.pick(prefixes);
    return random.pick({prefix.base(), last_address(prefix), neighbour(prefix.base(), -1),
                        neighbour(last_address(prefix), 1)});
  }
  if (kind <= 70)
    return random.pick({address_at("fe80::", 7), address_at("::", 0), address_at("0.0.0.0", 0)});
  return random.pick(known);
}

}  // namespace

std::vector<Sending> random_sendings(const Cluster& cluster, uint64_t seed, size_t count) {
  Random random(seed);
  const model::PodAddresses addresses(cluster);
  std::vector<const Pod*> pods;
  for (const auto& [name, pod] : cluster.pods)
    if (!addresses.owned_by(pod).empty()) pods.push_back(&pod);
  std::vector<Sending> sendings;
  if (pods.empty()) return sendings;
  std::vector<Ip> known = known_addresses(cluster);
  for (const char* link : {"fe80::1", "ff02::1", "ff12::7", "ff05::2"})
    known.push_back(Ip::parse(link).value());
  while (sendings.size() < count) {
    const Pod& pod = *random.pick(pods);
    const Ip source = random_source(random, cluster, pod, known), to = random.pick(known);
    if (source.family() != to.family()) continue;
    const net::Protocol protocol = random.chance(70) ? random_port_protocol(random) : net::Protocol(47);
    Sending sending{pod.name, source, to, protocol, {}};
    if (protocol.has_ports()) sending.port = random_port(random);
    sendings.push_back(sending);
  }
  return sendings;
}

}  // namespace sluice::oracle
