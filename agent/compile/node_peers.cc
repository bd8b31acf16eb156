#include "agent/compile/node_peers.h"

#include <algorithm>

namespace sluice::compile {

void NodePeers::set_own_addresses(const std::set<net::Ip>& addresses) {
  if (own_addresses_ == addresses) return;
  own_addresses_ = addresses;
  stale_.insert(own_);
}

void NodePeers::peers_changed(const PeerIndex::Changes& changes) {
  bool changed = false;
  for (const auto& [id, content] : changes.removed) changed |= live_.erase(id) > 0;
  for (const auto& [id, content] : changes.added)
    if (!content->nodes.empty() || content->own_node) changed |= live_.emplace(id, content).second;
  if (!changed) return;
  stale_.insert(own_);
  for (const auto& [name, node] : cluster_.nodes) stale_.insert(name);
}

std::vector<net::Ip> NodePeers::refresh() {
  std::set<net::Ip> touched;
  for (const model::ObjectName& name : std::exchange(stale_, {})) {
    Stated now{{}, peers_of(name)};
    if (!now.peers.empty()) now.addresses = addresses_of(name);
    Stated& old = stated_[name];
    if (now == old) {
      if (now.peers.empty()) stated_.erase(name);
      continue;
    }
    for (const net::Ip& ip : old.addresses) owners_[ip].erase(name);
    for (const net::Ip& ip : now.addresses) owners_[ip].insert(name);
    touched.insert(old.addresses.begin(), old.addresses.end());
    touched.insert(now.addresses.begin(), now.addresses.end());
    old = std::move(now);
    if (old.peers.empty()) stated_.erase(name);
  }
  std::vector<net::Ip> changed;
  for (const net::Ip& ip : touched) {
    std::set<PeerSetId> all;
    const auto owners = owners_.find(ip);
    for (const model::ObjectName& name : owners->second) {
      const std::vector<PeerSetId>& peers = stated_.at(name).peers;
      all.insert(peers.begin(), peers.end());
    }
    if (owners->second.empty()) owners_.erase(owners);
    std::vector<PeerSetId>& held = at_[ip];
    if (!std::equal(all.begin(), all.end(), held.begin(), held.end())) {
      held.assign(all.begin(), all.end());
      changed.push_back(ip);
    }
    if (held.empty()) at_.erase(ip);
  }
  return changed;
}

const std::vector<PeerSetId>* NodePeers::at(const net::Ip& ip) const {
  const auto found = at_.find(ip);
  return found == at_.end() ? nullptr : &found->second;
}

std::set<net::Ip> NodePeers::addresses_of(const model::ObjectName& node) const {
  if (node == own_) return own_addresses_;
  const auto found = cluster_.nodes.find(node);
  if (found == cluster_.nodes.end()) return {};
  return {found->second.addresses.begin(), found->second.addresses.end()};
}

std::vector<PeerSetId> NodePeers::peers_of(const model::ObjectName& node) const {
  std::vector<PeerSetId> peers;
  const auto object = cluster_.nodes.find(node);
  for (const auto& [id, content] : live_) {
    bool holds = content->own_node && node == own_;
    if (object != cluster_.nodes.end())
      holds |= std::any_of(content->nodes.begin(), content->nodes.end(),
                           [&](const model::LabelSelector& selector) {
                             return model::matches(selector, object->second.labels);
                           });
    if (holds) peers.push_back(id);
  }
  return peers;
}

}  // namespace sluice::compile
