#include "agent/lint/addresses.h"

#include <algorithm>
#include <set>

#include "agent/model/workloads.h"

namespace sluice::lint {

using net::Cidr;

bool is_in(const model::IpBlock& block, const net::Ip& ip) {
  if (!block.cidr.contains(ip)) return false;
  if (model::is_placeholder(ip)) return block.cidr.length() == 0 && block.except.empty();
  return std::none_of(block.except.begin(), block.except.end(),
                      [&](const Cidr& except) { return except.contains(ip); });
}

Addresses::Addresses(const model::Cluster& cluster) {
  std::set<net::Ip> of_nodes;
  const auto add = [&](const net::Ip& ip, Kind kind, const model::ObjectName& name) {
    if (!model::is_placeholder(ip)) owners_.push_back({ip, kind, name.to_text()});
  };
  for (const auto& [name, node] : cluster.nodes)
    for (const net::Ip& ip : node.addresses) {
      add(ip, kNode, name);
      of_nodes.insert(ip);
    }
  for (const auto& [name, service] : cluster.services)
    for (const net::Ip& ip : service.addresses) add(ip, kService, name);
  for (const auto& [name, pod] : cluster.pods) {
    if (pod.phase == model::PodPhase::kSucceeded || pod.phase == model::PodPhase::kFailed) continue;
    for (const net::Ip& ip : pod.ips)
      if (!pod.host_network || !of_nodes.contains(ip)) add(ip, kPod, name);
  }
  std::sort(owners_.begin(), owners_.end());
  for (size_t i = 0; i < owners_.size(); ++i) places_[owners_[i].kind].push_back(i);
}

size_t Addresses::first_in(const Cidr& cidr) const {
  const auto found = std::lower_bound(owners_.begin(), owners_.end(), cidr.base(),
                                      [](const Owner& owner, const net::Ip& ip) { return owner.ip < ip; });
  return static_cast<size_t>(found - owners_.begin());
}

size_t Addresses::behind(const Cidr& cidr, size_t first) const {
  const auto end = std::partition_point(owners_.begin() + static_cast<long>(first), owners_.end(),
                                        [&](const Owner& owner) { return cidr.contains(owner.ip); });
  return static_cast<size_t>(end - owners_.begin());
}

void Addresses::add_range(size_t from, size_t to, Covered& covered) const {
  for (const Kind kind : {kPod, kService, kNode}) {
    const auto& places = places_[kind];
    const auto first = std::lower_bound(places.begin(), places.end(), from);
    const auto end = std::lower_bound(first, places.end(), to);
    if (first == end) continue;
    covered.count[kind] += static_cast<size_t>(end - first);
    if (covered.first[kind] == nullptr) covered.first[kind] = &owners_[*first];
  }
}

const Addresses::Covered& Addresses::covered_by(const model::IpBlock& block) {
  const auto [found, is_new] = covered_.try_emplace(block);
  if (!is_new) return found->second;
  size_t from = first_in(block.cidr);
  const size_t to = behind(block.cidr, from);
  for (const Cidr& except : block.except) {
    const size_t hole = first_in(except), after = behind(except, hole);
    if (hole > from) add_range(from, hole, found->second);
    from = std::max(from, after);
  }
  if (from < to) add_range(from, to, found->second);
  return found->second;
}

}  // namespace sluice::lint
