#include "agent/convert/addresses.h"

#include <algorithm>

#include "agent/source/decode/decode_kinds.h"

namespace sluice::convert {

using net::Cidr;

namespace {

// Of the two halves of a prefix the one with this bit; the prefix is longer than nothing.
Cidr half(const Cidr& cidr, bool upper) {
  std::array<uint8_t, 16> bytes = cidr.base().padded();
  const int bit = cidr.length();
  if (upper) bytes[static_cast<size_t>(bit / 8)] |= static_cast<uint8_t>(0x80 >> (bit % 8));
  const size_t size = cidr.family() == net::Family::kIpv4 ? 4 : 16;
  return Cidr::of(net::Ip::from_bytes({bytes.data(), size}).value(), bit + 1).value();
}

void add_without(const Cidr& cidr, const std::vector<Cidr>& holes, std::vector<Cidr>& kept) {
  std::vector<Cidr> inside;
  for (const Cidr& hole : holes) {
    if (hole.family() == cidr.family() && hole.contains(cidr)) return;
    if (cidr.contains(hole)) inside.push_back(hole);
  }
  if (inside.empty()) return kept.push_back(cidr);
  add_without(half(cidr, false), inside, kept);
  add_without(half(cidr, true), inside, kept);
}

// Without those that stand inside others: a prefix comes right before what it contains (Cidr's order).
std::vector<Cidr> widest(std::vector<Cidr> cidrs) {
  source::decode::make_set(cidrs);
  std::vector<Cidr> kept;
  for (const Cidr& cidr : cidrs)
    if (kept.empty() || kept.back().family() != cidr.family() || !kept.back().contains(cidr))
      kept.push_back(cidr);
  return kept;
}

bool is_in(const net::Ip& ip, const std::vector<Cidr>& cidrs) {
  return std::any_of(cidrs.begin(), cidrs.end(), [&](const Cidr& cidr) { return cidr.contains(ip); });
}

bool has_family(const std::vector<Cidr>& cidrs, net::Family family) {
  return std::any_of(cidrs.begin(), cidrs.end(), [&](const Cidr& cidr) { return cidr.family() == family; });
}

// Why these prefixes are not all of the cluster's; empty where nothing says so.
std::string why_unknown(const model::Cluster& objects, const std::vector<Cidr>& said) {
  if (said.empty()) return "the cluster's addresses are not known: give --cluster";
  for (const auto& [name, pod] : objects.pods)
    if (pod.takes_part())
      for (const net::Ip& ip : pod.ips)
        if (!is_in(ip, said))
          return "Pod " + name.to_text() + " has " + ip.to_text() +
                 ", which is in no --cluster: give each prefix of the cluster's pods";
  for (const auto& [name, node] : objects.nodes) {
    std::vector<Cidr> has = node.pod_cidrs;
    for (const net::Ip& ip : node.addresses) has.push_back(Cidr::host(ip));
    for (const Cidr& cidr : has)
      if (!has_family(said, cidr.family()))
        return "Node " + name.to_text() + " has " + cidr.base().to_text() +
               ", and no --cluster is of that family: give each prefix of the cluster's pods";
  }
  return {};
}

}  // namespace

std::vector<Cidr> without(const Cidr& cidr, const std::vector<Cidr>& holes) {
  std::vector<Cidr> kept;
  add_without(cidr, holes, kept);
  std::sort(kept.begin(), kept.end());
  return kept;
}

Cluster cluster_of(const Input& input, const std::vector<Cidr>& said) {
  Cluster cluster;
  cluster.objects = input.cluster;
  cluster.own = said;
  cluster.why_unknown = why_unknown(input.cluster, said);
  cluster.knows_nodes = !input.cluster.nodes.empty();
  for (const auto& [name, node] : input.cluster.nodes)
    for (const net::Ip& ip : node.addresses) cluster.nodes.push_back(Cidr::host(ip));
  cluster.own.insert(cluster.own.end(), cluster.nodes.begin(), cluster.nodes.end());
  for (const auto& [name, pod] : input.cluster.pods)
    if (pod.takes_part())
      for (const net::Ip& ip : pod.ips) cluster.own.push_back(Cidr::host(ip));
  cluster.own = widest(std::move(cluster.own));
  source::decode::make_set(cluster.nodes);
  return cluster;
}

std::vector<model::IpBlock> outside_block(const Cluster& cluster, model::IpBlock block) {
  for (const Cidr& own : cluster.own) {
    if (own.family() == block.cidr.family() && own.contains(block.cidr)) return {};
    if (block.cidr.contains(own)) block.except.push_back(own);
  }
  block.except = widest(std::move(block.except));
  return {std::move(block)};
}

}  // namespace sluice::convert
