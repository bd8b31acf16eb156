#include "agent/compile/prefixes.h"

#include <algorithm>

namespace sluice::compile {
namespace {

using Counts = std::vector<std::pair<PeerSetId, int>>;

Counts with_change(const Counts& counts, const std::map<PeerSetId, int>& change) {
  Counts result;
  auto old = counts.begin();
  for (const auto& [peers, by] : change) {
    while (old != counts.end() && old->first < peers) result.push_back(*old++);
    int before = old != counts.end() && old->first == peers ? (old++)->second : 0;
    if (before + by != 0) result.emplace_back(peers, before + by);
  }
  result.insert(result.end(), old, counts.end());
  return result;
}

}  // namespace

PrefixTree::Changes PrefixTree::refresh() {
  Changes changes;
  std::set<net::Cidr> tops = dirty_;
  tops.insert(renewed_.begin(), renewed_.end());
  const net::Cidr* done = nullptr;
  for (const net::Cidr& top : tops) {
    if (done != nullptr && done->contains(top)) continue;
    done = &top;
    const net::Cidr* renewed = nullptr;
    for (auto at = regions_.lower_bound(top); at != regions_.end() && top.contains(at->first); ++at) {
      if ((renewed == nullptr || !renewed->contains(at->first)) && renewed_.contains(at->first))
        renewed = &at->first;
      derive(at->second, renewed != nullptr && renewed->contains(at->first), changes);
    }
  }
  for (const net::Cidr& cidr : dirty_)
    if (auto at = regions_.find(cidr); at->second.change_.empty()) {
      changes.gone.push_back(cidr);
      unlist(at);
    }
  dirty_.clear();
  renewed_.clear();
  return changes;
}

const Region* PrefixTree::find(const net::Ip& ip) const {
  auto after = regions_.upper_bound(net::Cidr::host(ip));
  if (after == regions_.begin()) return nullptr;
  const Region* region = &std::prev(after)->second;
  while (region != nullptr && !region->cidr.contains(ip)) region = region->parent;
  return region;
}

net::Ip PrefixTree::last_of(const net::Cidr& cidr) {
  std::array<uint8_t, 16> bytes = cidr.base().padded();
  const auto size = cidr.base().bytes().size();
  for (int bit = cidr.length(); bit < net::address_bits(cidr.family()); ++bit)
    bytes[static_cast<size_t>(bit / 8)] |= static_cast<uint8_t>(0x80u >> bit % 8);
  return net::Ip::from_bytes({bytes.data(), size}).value();
}

void PrefixTree::change(PeerSetId peers, const model::IpBlock& block, int sign) {
  auto count = [&](const net::Cidr& cidr, int by) {
    Region& region = list(cidr);
    if ((region.change_[peers] += by) == 0) region.change_.erase(peers);
    dirty_.insert(cidr);
  };
  count(block.cidr, sign);
  for (const net::Cidr& except : block.except) count(except, -sign);
}

Region& PrefixTree::list(const net::Cidr& cidr) {
  auto [at, is_new] = regions_.try_emplace(cidr);
  if (!is_new) return at->second;
  Region& region = at->second;
  region.cidr = cidr;
  region.parent = parent_of(cidr);
  for (auto inside = std::next(at); inside != regions_.end() && cidr.contains(inside->first); ++inside)
    if (inside->second.parent == region.parent) inside->second.parent = &region;
  return region;
}

void PrefixTree::unlist(Regions::iterator at) {
  for (auto inside = std::next(at); inside != regions_.end() && at->first.contains(inside->first); ++inside)
    if (inside->second.parent == &at->second) inside->second.parent = at->second.parent;
  regions_.erase(at);
}

Region* PrefixTree::parent_of(const net::Cidr& cidr) {
  auto at = regions_.find(cidr);
  if (at == regions_.begin()) return nullptr;
  Region* region = &std::prev(at)->second;
  while (region != nullptr && !region->cidr.contains(cidr)) region = region->parent;
  return region;
}

void PrefixTree::derive(Region& region, bool renewed, Changes& changes) {
  if (!region.change_.empty()) changes.regions.push_back(&region);
  region.counts_ = region.parent != nullptr ? with_change(region.parent->counts_, region.change_)
                                            : with_change({}, region.change_);
  std::vector<PeerSetId> peers;
  peers.reserve(region.counts_.size());
  for (const auto& [id, count] : region.counts_) peers.push_back(id);
  if (region.version != 0 && !renewed && peers == region.peers) return;
  region.peers = std::move(peers);
  region.version = ++last_version_;
  changes.changed.push_back(region.cidr);
}

}  // namespace sluice::compile
