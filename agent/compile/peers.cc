#include "agent/compile/peers.h"

#include <algorithm>

namespace sluice::compile {
namespace {

// Returns whether the list changed.
bool insert_sorted(std::vector<PeerSetId>& list, PeerSetId id) {
  auto at = std::lower_bound(list.begin(), list.end(), id);
  if (at != list.end() && *at == id) return false;
  list.insert(at, id);
  return true;
}

}  // namespace

void PeerIndex::use(PeerSetId id, const std::shared_ptr<const PeerSet>& content,
                    const std::set<PortName>& names) {
  // Who has a name may be anybody: the identities of all pods tell these ports apart, as those that everyone may reach.
  if (content && !content->domains.empty() && !names.empty()) use({}, nullptr, names);
  Live& live = live_[id];
  if (live.content && *live.content != *content) collision_ = "peers " + id.to_text();
  live.content = content;
  ++live.uses;
  for (const PortName& name : names) {
    ++names_[name];
    if (++live.names[name] == 1) live.renamed = true;
  }
  changed_.insert(id);
}

void PeerIndex::release(PeerSetId id, const std::set<PortName>& names) {
  if (const auto& content = live_.at(id).content; content && !content->domains.empty() && !names.empty())
    release({}, names);
  Live& live = live_.at(id);
  --live.uses;
  for (const PortName& name : names) {
    if (--names_.at(name) == 0) names_.erase(name);
    if (--live.names.at(name) > 0) continue;
    live.names.erase(name);
    live.renamed = true;
  }
  changed_.insert(id);
}

void PeerIndex::group_goes(Group* group) {
  for (PeerSetId id : group->peers) live_.at(id).groups.erase(group);
  group->peers.clear();
  stale_.erase(group);
  touched_.erase(group);
}

PeerIndex::Changes PeerIndex::refresh() {
  Changes changes;
  for (const std::string& ns : std::exchange(changed_namespaces_, {}))
    pods_.for_each_group_in(ns, [&](Group& group) { stale_.insert(&group); });
  for (PeerSetId id : std::exchange(changed_, {})) {
    Live& live = live_.at(id);
    refresh_names(id, live, changes);
    if (live.uses > 0 && !live.in_use) {
      be_born(id, live);
      if (id) changes.added.emplace_back(id, live.content);
    } else if (live.uses == 0) {
      if (live.in_use && id) changes.removed.emplace_back(id, live.content);
      if (live.in_use) die(id, live);
      live_.erase(id);
    }
  }
  match_stale();
  for (Group* group : std::exchange(touched_, {})) changes.groups.push_back(group);
  return changes;
}

bool PeerIndex::names_port(PeerSetId id, const PortName& name) const {
  auto live = live_.find(id);
  return live != live_.end() && live->second.names.contains(name);
}

const PeerSet* PeerIndex::content(PeerSetId id) const {
  auto live = live_.find(id);
  return live == live_.end() ? nullptr : live->second.content.get();
}

void PeerIndex::refresh_names(PeerSetId id, Live& live, Changes& changes) {
  if (!std::exchange(live.renamed, false)) return;
  touched_.insert(live.groups.begin(), live.groups.end());
  if (id && live.uses > 0 && live.in_use) changes.renamed.push_back(live.content);
  if (id) return;
  pods_.for_each_group([&](Group& group) {
    if (!group.key->ports.empty()) touched_.insert(&group);
  });
}

void PeerIndex::be_born(PeerSetId id, Live& live) {
  live.in_use = true;
  if (!id) return;
  for (const BoundSelector& selector : live.content->selectors)
    (selector.namespaces ? across_namespaces_ : bound_to_[selector.ns]).insert(id);
  match_everywhere(id, live);
}

void PeerIndex::die(PeerSetId id, Live& live) {
  if (!id) return;
  across_namespaces_.erase(id);
  for (const BoundSelector& selector : live.content->selectors) {
    auto bound = bound_to_.find(selector.ns);
    if (selector.namespaces || bound == bound_to_.end()) continue;
    bound->second.erase(id);
    if (bound->second.empty()) bound_to_.erase(bound);
  }
  for (Group* group : live.groups) {
    std::erase(group->peers, id);
    touched_.insert(group);
  }
}

void PeerIndex::match_everywhere(PeerSetId id, Live& live) {
  auto match = [&](const BoundSelector& selector, Group& group) {
    if (stale_.contains(&group)) return;  // match_stale() will
    if (!model::matches(selector.pods, group.key->labels) || !insert_sorted(group.peers, id)) return;
    live.groups.insert(&group);
    touched_.insert(&group);
  };
  for (const BoundSelector& selector : live.content->selectors) {
    if (!selector.namespaces) {
      pods_.for_each_group_in(selector.ns, [&](Group& group) { match(selector, group); });
      continue;
    }
    pods_.for_each_namespace([&](const std::string& ns, const std::vector<Group*>& groups) {
      if (!model::matches(*selector.namespaces, namespace_labels(ns))) return;
      for (Group* group : groups) match(selector, *group);
    });
  }
}

void PeerIndex::match_stale() {
  std::unordered_map<std::string, std::vector<Reaching>> known;
  for (Group* group : std::exchange(stale_, {})) {
    auto [at, is_new] = known.try_emplace(group->key->ns);
    if (is_new) at->second = reaching(group->key->ns);
    match_all(*group, at->second);
  }
}

void PeerIndex::match_all(Group& group, const std::vector<Reaching>& reaching) {
  for (PeerSetId id : group.peers) live_.at(id).groups.erase(&group);
  group.peers.clear();
  for (const Reaching& peers : reaching) {
    const bool matches = std::any_of(peers.pods.begin(), peers.pods.end(), [&](const auto* selector) {
      return model::matches(*selector, group.key->labels);
    });
    if (matches && insert_sorted(group.peers, peers.id)) peers.live->groups.insert(&group);
  }
  touched_.insert(&group);
}

std::vector<PeerIndex::Reaching> PeerIndex::reaching(const std::string& ns) {
  std::vector<Reaching> all;
  const model::Labels& labels = namespace_labels(ns);
  auto consider = [&](PeerSetId id) {
    Reaching peers{id, &live_.at(id), {}};
    for (const BoundSelector& selector : peers.live->content->selectors)
      if (selector.namespaces ? model::matches(*selector.namespaces, labels) : selector.ns == ns)
        peers.pods.push_back(&selector.pods);
    if (!peers.pods.empty()) all.push_back(std::move(peers));
  };
  if (auto bound = bound_to_.find(ns); bound != bound_to_.end())
    for (PeerSetId id : bound->second) consider(id);
  for (PeerSetId id : across_namespaces_) consider(id);
  return all;
}

const model::Labels& PeerIndex::namespace_labels(const std::string& ns) {
  auto [at, is_new] = labels_.try_emplace(ns);
  if (is_new) at->second = cluster_.namespace_labels(ns);
  return at->second;
}

}  // namespace sluice::compile
