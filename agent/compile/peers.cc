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
  if (live.content && !content::same(live.content, content)) collision_ = "peers " + id.to_text();
  if (!live.in_use) live.content = content;  // what it is listed by is in use
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
  std::vector<Born> born;
  for (PeerSetId id : std::exchange(changed_, {})) {
    Live& live = live_.at(id);
    refresh_names(id, live, changes);
    if (live.uses > 0 && !live.in_use) {
      be_born(id, live);
      if (id) born.emplace_back(id, &live);
      if (id) changes.added.emplace_back(id, live.content);
    } else if (live.uses == 0) {
      if (live.in_use && id) changes.removed.emplace_back(id, live.content);
      if (live.in_use) die(id, live);
      live_.erase(id);
    }
  }
  match_born(born);
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
  for (const BoundSelector& selector : live.content->selectors) {
    Own own{nullptr, 0, selectors_.use(selector.pods)};
    if (selector.namespaces)
      own.namespaces = selectors_.use(*selector.namespaces);
    else
      own.ns = &selector.ns;
    (own.ns != nullptr ? bound_to_[*own.ns] : across_[own.namespaces]).push_back({id, &live, own.pods});
    live.selectors.push_back(own);
  }
}

void PeerIndex::die(PeerSetId id, Live& live) {
  if (!id) return;
  const auto unlist = [&](auto& lists, const auto& at) {
    const auto list = lists.find(at);
    if (list == lists.end()) return;  // gone with another selector of this peer set
    std::erase_if(list->second, [&](const Reach& reach) { return reach.id == id; });
    if (list->second.empty()) lists.erase(list);
  };
  for (const Own& own : live.selectors) {
    if (own.ns != nullptr)
      unlist(bound_to_, *own.ns);
    else
      unlist(across_, own.namespaces);
  }
  for (const Own& own : live.selectors) {
    selectors_.release(own.pods);
    if (own.ns == nullptr) selectors_.release(own.namespaces);
  }
  for (Group* group : live.groups) {
    std::erase(group->peers, id);
    touched_.insert(group);
  }
}

PeerIndex::Reaches PeerIndex::reaching(const std::string& ns, Matching& matching) {
  Reaches all;
  if (auto bound = bound_to_.find(ns); bound != bound_to_.end()) all = bound->second;
  matching.about(namespace_labels(ns));
  for (const auto& [namespaces, reaches] : across_)
    if (matching(namespaces)) all.insert(all.end(), reaches.begin(), reaches.end());
  return all;
}

void PeerIndex::match_born(const std::vector<Born>& born) {
  if (born.empty()) return;
  Matching matching(selectors_);
  const auto waits = [&](Group* group) { return stale_.contains(group); };  // match_stale() will
  pods_.for_each_namespace([&](const std::string& ns, const std::vector<Group*>& groups) {
    if (std::all_of(groups.begin(), groups.end(), waits)) return;
    Reaches reaching;
    matching.about(namespace_labels(ns));
    for (const auto& [id, live] : born)
      for (const Own& own : live->selectors)
        if (own.ns != nullptr ? *own.ns == ns : matching(own.namespaces))
          reaching.push_back({id, live, own.pods});
    for (Group* group : groups) {
      if (waits(group)) continue;
      matching.about(group->key->labels);
      for (const Reach& reach : reaching) {
        if (!matching(reach.pods) || !insert_sorted(group->peers, reach.id)) continue;
        reach.live->groups.insert(group);
        touched_.insert(group);
      }
    }
  });
}

void PeerIndex::match_stale() {
  Matching matching(selectors_);
  std::unordered_map<std::string, Reaches> known;
  for (Group* group : std::exchange(stale_, {})) {
    auto [at, is_new] = known.try_emplace(group->key->ns);
    if (is_new) at->second = reaching(group->key->ns, matching);
    match_all(*group, at->second, matching);
  }
}

void PeerIndex::match_all(Group& group, const Reaches& reaching, Matching& matching) {
  for (PeerSetId id : group.peers) live_.at(id).groups.erase(&group);
  group.peers.clear();
  matching.about(group.key->labels);
  for (const Reach& reach : reaching) {
    if (!matching(reach.pods)) continue;
    group.peers.push_back(reach.id);
    reach.live->groups.insert(&group);
  }
  std::sort(group.peers.begin(), group.peers.end());
  group.peers.erase(std::unique(group.peers.begin(), group.peers.end()), group.peers.end());
  touched_.insert(&group);
}

const model::Labels& PeerIndex::namespace_labels(const std::string& ns) {
  auto [at, is_new] = labels_.try_emplace(ns);
  if (is_new) at->second = cluster_.namespace_labels(ns);
  return at->second;
}

}  // namespace sluice::compile
