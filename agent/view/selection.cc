#include "agent/view/selection.h"

#include <algorithm>
#include <iterator>

namespace sluice::view {
namespace {

void join(PodClass& one, Interest& interest) {
  one.interests.insert(&interest);
  interest.classes.insert(&one);
}

}  // namespace

const model::Labels& Selection::labels_of(const std::string& ns) const {
  auto [found, added] = namespaces_.try_emplace(ns);
  if (added) found->second[model::kNamespaceNameLabel] = ns;
  return found->second;
}

bool Selection::is_selected(const PodClass& one, const PodsKey& key) const {
  const bool ns_fits = key.ns ? *key.ns == one.ns : matches(key.namespaces, labels_of(one.ns));
  return ns_fits && matches(key.pods, one.labels);
}

// Keys without a namespace sort before those with one.
void Selection::match(PodClass& one) {
  const auto look = [&](auto from, const auto& goes_on) {
    for (; from != interests_.end() && goes_on(from->first); ++from)
      if (is_selected(one, from->first)) join(one, *from->second);
  };
  look(interests_.begin(), [](const PodsKey& key) { return !key.ns; });
  look(interests_.lower_bound(PodsKey{one.ns, {}, {}}), [&](const PodsKey& key) { return key.ns == one.ns; });
}

PodClass* Selection::class_of(const std::string& ns, const model::Labels& labels) {
  std::unique_ptr<PodClass>& place = classes_[ns][labels];
  if (place == nullptr) {
    place = std::make_unique<PodClass>(PodClass{ns, labels, {}, {}});
    match(*place);
  }
  return place.get();
}

void Selection::release(PodClass* gone) {
  if (!gone->pods.empty()) return;
  for (Interest* interest : gone->interests) interest->classes.erase(gone);
  const auto of_namespace = classes_.find(gone->ns);
  of_namespace->second.erase(of_namespace->second.find(gone->labels));
  if (of_namespace->second.empty()) classes_.erase(of_namespace);
}

Interest* Selection::hold(const PodsKey& key) {
  std::unique_ptr<Interest>& place = interests_[key];
  if (place == nullptr) {
    place = std::make_unique<Interest>(Interest{key, {}, 0, {}, {}});
    const auto look = [&](Classes& classes) {
      for (auto& [labels, one] : classes)
        if (is_selected(*one, key)) join(*one, *place);
    };
    if (!key.ns) {
      for (auto& [ns, classes] : classes_) look(classes);
    } else if (const auto classes = classes_.find(*key.ns); classes != classes_.end()) {
      look(classes->second);
    }
  }
  ++place->holders;
  return place.get();
}

void Selection::release(Interest* interest) {
  if (--interest->holders > 0) return;
  for (PodClass* one : interest->classes) one->interests.erase(interest);
  interests_.erase(interests_.find(interest->key));
}

Selection::Moved Selection::set_namespace(const std::string& ns, const model::Labels* labels) {
  model::Labels now = labels != nullptr ? *labels : model::Labels();
  now[model::kNamespaceNameLabel] = ns;
  if (labels_of(ns) == now) return {};
  namespaces_[ns] = std::move(now);
  Moved moved;
  const auto classes = classes_.find(ns);
  if (classes == classes_.end()) {
    if (labels == nullptr) namespaces_.erase(ns);
    return moved;
  }
  for (auto& [pod_labels, one] : classes->second) {
    const std::set<Interest*> before = std::move(one->interests);
    for (Interest* interest : before) interest->classes.erase(one.get());
    one->interests.clear();
    match(*one);
    std::vector<Interest*> different;
    std::ranges::set_symmetric_difference(before, one->interests, std::back_inserter(different));
    if (!different.empty()) moved.emplace_back(one.get(), std::move(different));
  }
  return moved;
}

std::vector<const PodClass*> Selection::classes_in(const std::string& ns) const {
  std::vector<const PodClass*> found;
  if (const auto classes = classes_.find(ns); classes != classes_.end())
    for (const auto& [labels, one] : classes->second) found.push_back(one.get());
  return found;
}

}  // namespace sluice::view
