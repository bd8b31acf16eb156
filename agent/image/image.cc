#include "agent/image/image.h"

#include <algorithm>

namespace sluice::image {
namespace {

// Position of a protocol in Portset::ranges; SLUICE_PORT_PROTOCOLS for one without ports.
size_t protocol_index(net::Protocol protocol) {
  const auto* found = std::find(std::begin(net::kPortProtocols), std::end(net::kPortProtocols), protocol);
  return static_cast<size_t>(found - std::begin(net::kPortProtocols));
}

// Of canonical lists.
std::vector<net::PortRange> without(const std::vector<net::PortRange>& list,
                                    const std::vector<net::PortRange>& less) {
  std::vector<net::PortRange> rest;
  auto hole = less.begin();
  for (const net::PortRange& range : list) {
    uint32_t first = range.first.host();
    const uint32_t last = range.last.host();
    while (hole != less.end() && hole->last.host() < first) ++hole;
    for (auto at = hole; at != less.end() && at->first.host() <= last; ++at) {
      if (first < at->first.host())
        rest.push_back({net::Port::from_host(static_cast<uint16_t>(first)),
                        net::Port::from_host(static_cast<uint16_t>(at->first.host() - 1))});
      first = at->last.host() + 1u;
    }
    if (first <= last) rest.push_back({net::Port::from_host(static_cast<uint16_t>(first)), range.last});
  }
  return rest;
}

void append_number(std::string& bytes, size_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift & 0xff));
}

// Walks two sorted maps side by side.
template <typename Map, typename Key = typename Map::key_type, typename Value = typename Map::mapped_type>
TableChange<Key, Value> table_difference(const Map& before, const Map& after) {
  TableChange<Key, Value> changes;
  auto add = [&](const Key& key, std::optional<Value> old_value, std::optional<Value> new_value) {
    changes.emplace_hint(changes.end(), key, Changed<Value>{std::move(old_value), std::move(new_value)});
  };
  auto old_entry = before.begin();
  auto new_entry = after.begin();
  while (old_entry != before.end() || new_entry != after.end()) {
    bool only_old =
        new_entry == after.end() || (old_entry != before.end() && old_entry->first < new_entry->first);
    bool only_new = !only_old && (old_entry == before.end() || new_entry->first < old_entry->first);
    if (!only_old && !only_new && !(old_entry->second == new_entry->second))
      add(old_entry->first, old_entry->second, new_entry->second);
    if (only_old) add(old_entry->first, old_entry->second, std::nullopt);
    if (only_new) add(new_entry->first, std::nullopt, new_entry->second);
    if (!only_new) ++old_entry;
    if (!only_old) ++new_entry;
  }
  return changes;
}

template <typename Map>
void apply_table(Map& table, const TableChange<typename Map::key_type, typename Map::mapped_type>& changes) {
  for (const auto& [key, change] : changes) {
    if (change.after)
      table.insert_or_assign(key, *change.after);
    else
      table.erase(key);
  }
}

}  // namespace

Portset Portset::everything() {
  Portset all;
  all.ranges.fill({net::PortRange::all()});
  all.others = true;
  return all;
}

bool Portset::empty() const {
  return !others && std::all_of(ranges.begin(), ranges.end(), [](const auto& list) { return list.empty(); });
}

bool Portset::contains(net::Protocol protocol, net::Port port) const {
  size_t index = protocol_index(protocol);
  if (index == ranges.size()) return others;
  const auto& list = ranges[index];
  auto after = std::upper_bound(list.begin(), list.end(), port,
                                [](net::Port p, const net::PortRange& range) { return p < range.first; });
  return after != list.begin() && std::prev(after)->contains(port);
}

void Portset::add(net::Protocol protocol, net::PortRange range) {
  size_t index = protocol_index(protocol);
  if (index == ranges.size()) return;
  auto& list = ranges[index];
  // Those that overlap or touch the new range become one with it.
  auto first = std::partition_point(list.begin(), list.end(), [&](const net::PortRange& other) {
    return other.last.host() + 1 < range.first.host();
  });
  auto last = std::partition_point(first, list.end(), [&](const net::PortRange& other) {
    return other.first.host() <= range.last.host() + 1;
  });
  if (first != last)
    range = {std::min(range.first, first->first), std::max(range.last, std::prev(last)->last)};
  list.insert(list.erase(first, last), range);
}

void Portset::add(const Portset& more) {
  for (size_t i = 0; i < ranges.size(); ++i)
    for (const net::PortRange& range : more.ranges[i]) add(net::kPortProtocols[i], range);
  others |= more.others;
}

void Portset::remove(const Portset& less) {
  for (size_t i = 0; i < ranges.size(); ++i) ranges[i] = without(ranges[i], less.ranges[i]);
  others = others && !less.others;
}

PortsetId Portset::id() const {
  if (empty()) return {};
  std::string bytes = "portset";
  for (const auto& list : ranges) {
    append_number(bytes, list.size());
    for (const net::PortRange& range : list)
      append_number(bytes, static_cast<size_t>(range.first.host()) << 16 | range.last.host());
  }
  if (others) bytes += "others";
  return {content_id(bytes)};
}

size_t Difference::entries() const {
  return addresses.size() + prefixes.size() + sources.size() + services.size() + names.size() + rules.size() +
         portsets.size() + endpoints.size();
}

bool Difference::empty() const {
  return entries() == 0;
}

Difference difference(const Image& before, const Image& after) {
  return {table_difference(before.addresses, after.addresses),
          table_difference(before.prefixes, after.prefixes),
          table_difference(before.sources, after.sources),
          table_difference(before.services, after.services),
          table_difference(before.names, after.names),
          table_difference(before.rules, after.rules),
          table_difference(before.portsets, after.portsets),
          table_difference(before.endpoints, after.endpoints)};
}

void apply(Image& image, const Difference& difference) {
  apply_table(image.addresses, difference.addresses);
  apply_table(image.prefixes, difference.prefixes);
  apply_table(image.sources, difference.sources);
  apply_table(image.services, difference.services);
  apply_table(image.names, difference.names);
  apply_table(image.rules, difference.rules);
  apply_table(image.portsets, difference.portsets);
  apply_table(image.endpoints, difference.endpoints);
}

Difference inverse(const Difference& difference) {
  Difference back = difference;
  auto swap_all = [](auto& changes) {
    for (auto& [key, change] : changes) std::swap(change.before, change.after);
  };
  swap_all(back.addresses);
  swap_all(back.prefixes);
  swap_all(back.sources);
  swap_all(back.services);
  swap_all(back.names);
  swap_all(back.rules);
  swap_all(back.portsets);
  swap_all(back.endpoints);
  return back;
}

IdentityId identity_by_prefix(const Image& image, const net::Ip& address) {
  for (int length = net::address_bits(address.family()); length >= 0; --length) {
    auto found = image.prefixes.find(net::Cidr::of(address, length).value());
    if (found != image.prefixes.end()) return found->second;
  }
  return {};
}

}  // namespace sluice::image
