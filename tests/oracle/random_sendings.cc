#include <algorithm>

#include "agent/reference/reference.h"
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

struct Senders {
  std::vector<const Pod*> pods;
  std::vector<Ip> known;  // what they send to, and as
};

Senders senders_of(const Cluster& cluster) {
  const model::PodAddresses addresses(cluster);
  Senders senders{{}, known_addresses(cluster)};
  for (const auto& [name, pod] : cluster.pods)
    if (!addresses.owned_by(pod).empty()) senders.pods.push_back(&pod);
  for (const char* link : {"fe80::1", "ff02::1", "ff12::7", "ff05::2"})
    senders.known.push_back(Ip::parse(link).value());
  return senders;
}

reference::Sending random_sending(Random& random, const Cluster& cluster, const Senders& senders) {
  while (true) {
    const Pod& pod = *random.pick(senders.pods);
    const Ip source = random_source(random, cluster, pod, senders.known), to = random.pick(senders.known);
    if (source.family() != to.family()) continue;
    const net::Protocol protocol = random.chance(70) ? random_port_protocol(random) : net::Protocol(47);
    reference::Sending sending{pod.name, source, to, protocol, {}};
    if (protocol.has_ports()) sending.port = random_port(random);
    return sending;
  }
}

}  // namespace

// Of those drawn without aim an eighth passes: for some others are drawn until one does.
std::vector<reference::Sending> random_sendings(const Cluster& cluster, uint64_t seed, size_t count) {
  Random random(seed);
  const Senders senders = senders_of(cluster);
  std::vector<reference::Sending> sendings;
  if (senders.pods.empty()) return sendings;
  const reference::Reference reference(cluster);
  while (sendings.size() < count) {
    int attempts = random.chance(40) ? 30 : 1;
    reference::Sending sending = random_sending(random, cluster, senders);
    while (--attempts > 0 && reference.evaluate(sending) == model::Verdict::kDeny)
      sending = random_sending(random, cluster, senders);
    sendings.push_back(sending);
  }
  return sendings;
}

}  // namespace sluice::oracle
