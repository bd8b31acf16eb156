#include <algorithm>

#include "tests/oracle/random_objects.h"

namespace sluice::oracle {
namespace {

using net::Cidr;
using net::Ip;

template <typename T>
void sort_unique(std::vector<T>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

int random_length(Random& random, int bits) {
  if (random.chance(35)) return bits;
  if (random.chance(10)) return 0;
  if (random.chance(60)) return bits - random.between(1, 8);
  return random.between(1, bits);
}

// Inside `cidr` and smaller, as the API asks; often at its very border or around an address that exists.
Cidr random_except(Random& random, const Cidr& cidr, const std::vector<Ip>& known) {
  const int bits = net::address_bits(cidr.family());
  std::vector<Ip> inside = {cidr.base(), last_address(cidr)};
  for (const Ip& ip : known)
    if (cidr.contains(ip)) inside.push_back(ip);
  const int length = random.pick({bits, bits, std::max(bits - 2, cidr.length() + 1), cidr.length() + 1,
                                  random.between(cidr.length() + 1, bits)});
  return Cidr::of(random.pick(inside), length).value();
}

model::IpBlock random_block(Random& random, const std::vector<Ip>& known) {
  const Ip around = random.pick(known);
  const int bits = net::address_bits(around.family());
  model::IpBlock block{Cidr::of(around, random_length(random, bits)).value(), {}};
  if (block.cidr.length() == bits || random.chance(40)) return block;
  for (int excepts = random.between(1, 3); excepts > 0; --excepts)
    block.except.push_back(random_except(random, block.cidr, known));
  sort_unique(block.except);
  return block;
}

model::LabelSelector random_namespace_selector(Random& random) {
  if (random.chance(70)) return random_selector(random);
  return {{{model::kNamespaceNameLabel,
            random.pick({model::Operator::kIn, model::Operator::kNotIn}),
            {random.pick(kNamespaces)}}}};
}

model::Peer random_peer(Random& random, const std::vector<Ip>& known) {
  model::SelectorPeer peer;
  switch (random.below(5)) {
    case 0:
      peer.pod_selector = random_selector(random);
      return peer;
    case 1:
      peer.namespace_selector = random_namespace_selector(random);
      return peer;
    case 2:
      peer.pod_selector = random_selector(random);
      peer.namespace_selector = random_namespace_selector(random);
      return peer;
  }
  return random_block(random, known);
}

// Ends at or next to the numbers that everything else uses, so that ranges touch and overlap.
net::PortRange random_range(Random& random) {
  int first = random.pick(kPortNumbers), last = random.pick(kPortNumbers);
  if (random.chance(50)) first = std::min(first + 1, 65535);
  if (random.chance(50)) last = std::max(last - 1, 1);
  if (last < first) std::swap(first, last);
  return {net::Port::from_host(static_cast<uint16_t>(first)),
          net::Port::from_host(static_cast<uint16_t>(last))};
}

model::PolicyPort random_policy_port(Random& random) {
  model::PolicyPort entry;
  entry.protocol = random_port_protocol(random);
  const int kind = random.between(1, 100);
  if (kind <= 15) return entry;
  if (kind <= 45)
    entry.port = net::PortRange::one(random_port(random));
  else if (kind <= 70)
    entry.port = random_range(random);
  else
    entry.port = random.pick(kPortNames);
  return entry;
}

model::Rule random_rule(Random& random, const std::vector<Ip>& known) {
  model::Rule rule;
  if (random.chance(85))
    for (int peers = random.between(1, 3); peers > 0; --peers)
      rule.peers.push_back(random_peer(random, known));
  if (random.chance(60))
    for (int ports = random.between(1, 3); ports > 0; --ports)
      rule.ports.push_back(random_policy_port(random));
  return rule;
}

// ---- ClusterNetworkPolicies

model::PodsPeer random_pods_peer(Random& random) {
  model::PodsPeer peer;
  if (random.chance(70)) peer.namespaces = random_namespace_selector(random);
  if (random.chance(60)) peer.pods = random_selector(random);
  return peer;
}

model::ClusterPeer random_cluster_peer(Random& random, const std::vector<Ip>& known,
                                       model::Direction direction) {
  if (direction == model::Direction::kIngress || random.chance(45)) return random_pods_peer(random);
  if (random.chance(35)) return model::NodesPeer{random_selector(random)};
  model::NetworksPeer networks;
  for (int cidrs = random.between(1, 3); cidrs > 0; --cidrs) {
    const Ip around = random.pick(known);
    networks.cidrs.push_back(
        Cidr::of(around, random_length(random, net::address_bits(around.family()))).value());
  }
  sort_unique(networks.cidrs.edit());
  return networks;
}

model::ClusterProtocol random_cluster_protocol(Random& random) {
  if (random.chance(25)) return model::NamedPort{random.pick(kPortNames)};
  const net::Protocol protocol = random_port_protocol(random);
  net::PortRange ports = random.chance(50) ? net::PortRange::one(random_port(random)) : random_range(random);
  return model::ProtocolPorts{protocol, ports};
}

std::vector<model::ClusterRule> random_cluster_rules(Random& random, const std::vector<Ip>& known,
                                                     model::Direction direction) {
  std::vector<model::ClusterRule> rules;
  for (int left = random.between(0, 3); left > 0; --left) {
    model::ClusterRule& rule = rules.emplace_back();
    rule.action = random.pick({model::Action::kAccept, model::Action::kDeny, model::Action::kPass});
    for (int peers = random.between(1, 3); peers > 0; --peers)
      rule.peers.push_back(random_cluster_peer(random, known, direction));
    if (random.chance(60))
      for (int entries = random.between(1, 3); entries > 0; --entries)
        rule.protocols.push_back(random_cluster_protocol(random));
  }
  return rules;
}

}  // namespace

model::ClusterNetworkPolicy random_cluster_policy(Random& random, const model::Cluster& cluster,
                                                  const model::ObjectName& name) {
  const std::vector<Ip> known = known_addresses(cluster);
  model::ClusterNetworkPolicy policy;
  policy.name = name;
  policy.tier = random.pick({model::Tier::kAdmin, model::Tier::kBaseline});
  policy.priority = static_cast<uint32_t>(random.pick({0, 0, 1, 1000}));  // few: some are equal
  policy.subject = random_pods_peer(random);
  policy.ingress = random_cluster_rules(random, known, model::Direction::kIngress);
  policy.egress = random_cluster_rules(random, known, model::Direction::kEgress);
  return policy;
}

model::NetworkPolicy random_policy(Random& random, const model::Cluster& cluster,
                                   const model::ObjectName& name) {
  const std::vector<Ip> known = known_addresses(cluster);
  model::NetworkPolicy policy;
  policy.name = name;
  if (random.chance(80)) policy.pod_selector = random_selector(random);
  for (int rules = random.between(0, 2); rules > 0; --rules)
    policy.ingress.push_back(random_rule(random, known));
  for (int rules = random.between(0, 2); rules > 0; --rules)
    policy.egress.push_back(random_rule(random, known));
  switch (random.below(5)) {
    case 0:
      policy.isolates_ingress = true, policy.isolates_egress = false;
      break;
    case 1:
      policy.isolates_ingress = false, policy.isolates_egress = true;
      break;
    case 2:
      policy.isolates_ingress = true, policy.isolates_egress = true;
      break;
    default:
      policy.isolates_ingress = true, policy.isolates_egress = !policy.egress.empty();  // policyTypes absent
  }
  policy.audit = random.chance(12);
  return policy;
}

}  // namespace sluice::oracle
