#include "agent/compile/pods.h"

#include <algorithm>

namespace sluice::compile {

using model::Pod;

void PodIndex::learn(const Pod& pod) {
  auto [at, is_new] = known_.try_emplace(&pod);
  Known& known = at->second;
  if (!is_new) {
    release(pod, known);
    const GroupKey& key = known.group->first;
    if (key.labels != pod.labels || key.ports != pod.ports) {
      leave(pod, known);
      join(pod, known);
    }
  } else {
    join(pod, known);
  }
  claim(pod, known);
}

void PodIndex::forget(const Pod& pod) {
  auto at = known_.find(&pod);
  if (at == known_.end()) return;
  release(pod, at->second);
  leave(pod, at->second);
  known_.erase(at);
}

const Pod* PodIndex::owner(const net::Ip& ip) const {
  const auto* all = claimants(ip);
  return all == nullptr ? nullptr : all->front();
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

const std::vector<const Pod*>* PodIndex::claimants(const net::Ip& ip) const {
  auto found = claims_.find(ip);
  return found == claims_.end() ? nullptr : &found->second;
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
    if (auto at = groups_.find(*key); at->second.members.empty()) groups_.erase(at);
  emptied_.clear();
}

PodIndex::Groups::iterator PodIndex::group_for(const Pod& pod) {
  auto at = groups_.lower_bound(pod);
  if (at != groups_.end() && Order::tie(at->first) == Order::tie(pod)) return at;
  at = groups_.emplace_hint(at, GroupKey{pod.name.ns, pod.labels, pod.ports}, Group{});
  at->second.key = &at->first;
  new_groups_.push_back(&at->second);
  return at;
}

void PodIndex::join(const Pod& pod, Known& known) {
  known.group = group_for(pod);
  known.group->second.members.insert(&pod);
}

void PodIndex::leave(const Pod& pod, Known& known) {
  known.group->second.members.erase(&pod);
  if (known.group->second.members.empty()) emptied_.insert(&known.group->first);
}

void PodIndex::claim(const Pod& pod, Known& known) {
  known.claims = pod.takes_part() ? pod.ips : std::vector<net::Ip>();
  known.created = pod.created;
  auto later = [&](const Pod* a, const Pod* b) {
    return std::tie(known_.at(a).created, a->name) > std::tie(known_.at(b).created, b->name);
  };
  for (const net::Ip& ip : known.claims) {
    auto& all = claims_[ip];
    all.insert(std::find_if(all.begin(), all.end(), [&](const Pod* other) { return later(&pod, other); }),
               &pod);
    changed_addresses_.push_back(ip);
  }
}

void PodIndex::release(const Pod& pod, Known& known) {
  for (const net::Ip& ip : known.claims) {
    auto at = claims_.find(ip);
    std::erase(at->second, &pod);
    if (at->second.empty()) claims_.erase(at);
    changed_addresses_.push_back(ip);
  }
  known.claims.clear();
}

}  // namespace sluice::compile
