#include "agent/compile/pods.h"

#include <algorithm>

namespace sluice::compile {

using model::Pod;

namespace {

std::vector<net::Ip> claims_of(const Pod& pod) {
  return pod.takes_part() ? pod.ips : std::vector<net::Ip>();
}

// Of a list in any order; it must be there.
template <typename T, typename Sought>
void drop_one(std::vector<T>& list, Sought sought) {
  auto at = std::find(list.begin(), list.end(), sought);
  *at = list.back();
  list.pop_back();
}

}  // namespace

// In the order of addresses, so that neighbours in the map are neighbours in memory.
void PodIndex::learn_all(const std::map<model::ObjectName, Pod>& pods) {
  known_.reserve(pods.size());
  std::vector<std::pair<net::Ip, Known*>> all;
  all.reserve(pods.size());
  for (const auto& [name, pod] : pods) {
    Known& known = known_[&pod];
    known.pod = &pod;
    known.created = pod.created;
    known.claims = claims_of(pod);
    join(pod, known);
    for (const net::Ip& ip : known.claims) all.emplace_back(ip, &known);
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  changed_addresses_.reserve(all.size());
  for (const auto& [ip, known] : all) claim(ip, *known);
}

void PodIndex::learn(const Pod& pod) {
  auto [at, is_new] = known_.try_emplace(&pod);
  Known& known = at->second;
  known.pod = &pod;
  if (!is_new) {
    release(known);
    const GroupKey& key = known.group->first;
    if (key.labels != pod.labels || key.ports != pod.ports) {
      leave(pod, known);
      join(pod, known);
    }
  } else {
    join(pod, known);
  }
  known.created = pod.created;
  known.claims = claims_of(pod);
  for (const net::Ip& ip : known.claims) claim(ip, known);
}

void PodIndex::forget(const Pod& pod) {
  auto at = known_.find(&pod);
  if (at == known_.end()) return;
  release(at->second);
  leave(pod, at->second);
  known_.erase(at);
}

const Pod* PodIndex::owner(const net::Ip& ip) const {
  auto claims = claims_.find(ip);
  return claims == claims_.end() ? nullptr : claims->second.front()->pod;
}

Group* PodIndex::group_at(const net::Ip& ip) const {
  auto claims = claims_.find(ip);
  return claims == claims_.end() ? nullptr : &claims->second.front()->group->second;
}

std::vector<net::Ip> PodIndex::owned_by(const Pod& pod) const {
  std::vector<net::Ip> owned;
  auto known = known_.find(&pod);
  if (known == known_.end()) return owned;
  for (const net::Ip& ip : known->second.claims)
    if (owner(ip) == &pod) owned.push_back(ip);
  return owned;
}

Group* PodIndex::group_of(const Pod& pod) const {
  auto known = known_.find(&pod);
  return known == known_.end() ? nullptr : &known->second.group->second;
}

std::vector<Group*> PodIndex::empty_groups() const {
  std::vector<Group*> empty;
  for (const GroupKey* key : emptied_)
    if (auto at = groups_.find(*key); at->second.members.empty())
      empty.push_back(const_cast<Group*>(&at->second));
  return empty;
}

void PodIndex::drop_empty_groups() {
  for (const GroupKey* key : emptied_)
    if (auto at = groups_.find(*key); at->second.members.empty()) {
      auto peers = by_namespace_.find(at->first.ns);
      drop_one(peers->second, &at->second);
      if (peers->second.empty()) by_namespace_.erase(peers);
      groups_.erase(at);
    }
  emptied_.clear();
}

PodIndex::Groups::iterator PodIndex::group_for(const Pod& pod) {
  auto at = groups_.lower_bound(pod);
  if (at != groups_.end() && Order::tie(at->first) == Order::tie(pod)) return at;
  at = groups_.emplace_hint(at, GroupKey{pod.name.ns, pod.labels, pod.ports}, Group{});
  at->second.key = &at->first;
  by_namespace_[pod.name.ns].push_back(&at->second);
  new_groups_.push_back(&at->second);
  return at;
}

void PodIndex::join(const Pod& pod, Known& known) {
  known.group = group_for(pod);
  known.group->second.members.push_back(&pod);
}

void PodIndex::leave(const Pod& pod, Known& known) {
  drop_one(known.group->second.members, &pod);
  if (known.group->second.members.empty()) emptied_.insert(&known.group->first);
}

void PodIndex::claim(const net::Ip& ip, const Known& known) {
  auto later = [](const Known* a, const Known* b) {
    return std::tie(a->created, a->pod->name) > std::tie(b->created, b->pod->name);
  };
  // The end is the right place while all are learnt, and no worse than any other hint else.
  auto& all = claims_.try_emplace(claims_.end(), ip)->second;
  all.insert(std::find_if(all.begin(), all.end(), [&](const Known* other) { return later(&known, other); }),
             &known);
  changed_addresses_.push_back(ip);
}

void PodIndex::release(Known& known) {
  for (const net::Ip& ip : known.claims) {
    auto at = claims_.find(ip);
    std::erase(at->second, &known);
    if (at->second.empty()) claims_.erase(at);
    changed_addresses_.push_back(ip);
  }
  known.claims.clear();
}

}  // namespace sluice::compile
