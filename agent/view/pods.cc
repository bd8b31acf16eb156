#include "agent/view/pods.h"

namespace sluice::view {
namespace {

template <typename Map, typename Key>
const PodTable::Entries& found_in(const Map& map, const Key& key) {
  static const PodTable::Entries none;
  const auto found = map.find(key);
  return found == map.end() ? none : found->second;
}

}  // namespace

const PodEntry* PodTable::find(const model::ObjectName& name) const {
  const auto found = pods_.find(name);
  return found == pods_.end() ? nullptr : &found->second;
}

template <typename Act>
void PodTable::for_each_index(const PodEntry& entry, Act act) {
  if (!entry.node.empty()) act(by_node_, entry.node);
  for (const net::Ip& ip : entry.ips) act(by_ip_, ip);
  if (!entry.ips.empty())
    for (const std::string& name : entry.port_names) act(by_port_, name);
}

PodEntry& PodTable::place_of(const model::ObjectName& name) {
  const auto [place, added] = pods_.try_emplace(name);
  if (added) place->second.name = name;
  return place->second;
}

void PodTable::take_out(const PodEntry& entry) {
  for_each_index(entry, [&](auto& index, const auto& key) {
    const auto found = index.find(key);
    if (found == index.end()) return;
    found->second.erase(&entry);
    if (found->second.empty()) index.erase(found);
  });
}

void PodTable::put_back(const PodEntry& entry) {
  for_each_index(entry, [&](auto& index, const auto& key) { index[key].insert(&entry); });
}

void PodTable::erase(const model::ObjectName& name) {
  pods_.erase(name);
}

const PodTable::Entries& PodTable::of_node(const std::string& node) const {
  return found_in(by_node_, node);
}
const PodTable::Entries& PodTable::with_port(const std::string& name) const {
  return found_in(by_port_, name);
}
const PodTable::Entries& PodTable::at(const net::Ip& ip) const {
  return found_in(by_ip_, ip);
}

PodTable::Entries PodTable::sharing(const PodEntry& entry) const {
  Entries all{&entry};
  for (const net::Ip& ip : entry.ips) {
    const Entries& there = at(ip);
    all.insert(there.begin(), there.end());
  }
  return all;
}

PodTable::Entries PodTable::within(const net::Cidr& prefix) const {
  Entries all;
  for (auto there = by_ip_.lower_bound(prefix.base()); there != by_ip_.end() && prefix.contains(there->first);
       ++there)
    all.insert(there->second.begin(), there->second.end());
  return all;
}

}  // namespace sluice::view
