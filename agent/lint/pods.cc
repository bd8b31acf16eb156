#include "agent/lint/pods.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace sluice::lint {
namespace {

using model::LabelSelector;
using model::Operator;
using model::Pod;
using model::Requirement;

// It runs, or will.
bool counts(const Pod& pod) {
  const bool finished = pod.phase == model::PodPhase::kSucceeded || pod.phase == model::PodPhase::kFailed;
  return !finished && (pod.host_network || pod.takes_part());
}

std::string label_of(const std::string& key, const std::string& value) {
  return key + "=" + value;
}

bool demands_a_label(const Requirement& requirement) {
  return requirement.op == Operator::kIn || requirement.op == Operator::kExists;
}

bool demands_a_label(const LabelSelector& selector) {
  return std::any_of(selector.requirements.begin(), selector.requirements.end(),
                     [](const Requirement& requirement) { return demands_a_label(requirement); });
}

}  // namespace

void Pods::Index::add(uint32_t pod, const model::Labels& labels) {
  all.push_back(pod);
  for (const auto& [key, value] : labels) {
    by_key[key].push_back(pod);
    by_label[label_of(key, value)].push_back(pod);
  }
}

const Pods::Posting& Pods::Index::with_key(const std::string& key) const {
  static const Posting nobody;
  const auto found = by_key.find(key);
  return found == by_key.end() ? nobody : found->second;
}

const Pods::Posting& Pods::Index::with_label(const std::string& key, const std::string& value) const {
  static const Posting nobody;
  const auto found = by_label.find(label_of(key, value));
  return found == by_label.end() ? nobody : found->second;
}

Pods::Posting Pods::Index::candidates(const LabelSelector& selector) const {
  std::vector<const Posting*> best;
  size_t least = all.size() + 1;
  for (const Requirement& requirement : selector.requirements) {
    if (!demands_a_label(requirement)) continue;
    std::vector<const Posting*> postings;
    if (requirement.op == Operator::kExists) postings.push_back(&with_key(requirement.key));
    for (const std::string& value : requirement.values)
      postings.push_back(&with_label(requirement.key, value));
    size_t size = 0;
    for (const Posting* posting : postings) size += posting->size();
    if (size >= least) continue;
    least = size;
    best = std::move(postings);
  }
  Posting joined;
  for (const Posting* posting : best) joined.insert(joined.end(), posting->begin(), posting->end());
  std::sort(joined.begin(), joined.end());
  return joined;
}

// Of a selector that demands nothing.
Pods::Posting Pods::Index::without_refused(const LabelSelector& selector) const {
  Posting left = all;
  const auto refuse = [&](const Posting& refused) {
    Posting rest;
    std::set_difference(left.begin(), left.end(), refused.begin(), refused.end(), std::back_inserter(rest));
    left = std::move(rest);
  };
  for (const Requirement& requirement : selector.requirements) {
    if (requirement.op == Operator::kDoesNotExist) refuse(with_key(requirement.key));
    for (const std::string& value : requirement.values) refuse(with_label(requirement.key, value));
  }
  return left;
}

Pods::Posting Pods::Index::matched(const LabelSelector& selector, const Pods& pods) const {
  if (!demands_a_label(selector)) return without_refused(selector);
  Posting matched = candidates(selector);
  std::erase_if(matched, [&](uint32_t pod) { return !model::matches(selector, pods.at(pod).labels); });
  return matched;
}

Pods::Pods(const model::Cluster& cluster) {
  for (const auto& [name, ns] : cluster.namespaces) namespaces_[name.name] = ns.labels;
  const auto name_namespaces = [&](const auto& objects) {
    for (const auto& [name, unused] : objects)
      if (!namespaces_.contains(name.ns)) namespaces_[name.ns] = cluster.namespace_labels(name.ns);
  };
  name_namespaces(cluster.pods);
  name_namespaces(cluster.services);
  name_namespaces(cluster.endpoint_slices);
  name_namespaces(cluster.policies);
  for (const auto& [name, labels] : namespaces_)
    for (const auto& [key, value] : labels) ++namespace_labels_[key][value];
  std::map<std::vector<model::ContainerPort>, uint32_t> known_lists;
  for (const auto& [name, pod] : cluster.pods) {
    if (!counts(pod)) continue;
    const auto number = static_cast<uint32_t>(pods_.size());
    pods_.push_back(&pod);
    const auto [list, is_new] = known_lists.try_emplace(pod.ports, static_cast<uint32_t>(lists_.size()));
    if (is_new) lists_.push_back(pod.ports);
    port_lists_.push_back(list->second);
    everywhere_.add(number, pod.labels);
    by_namespace_[name.ns].add(number, pod.labels);
    if (pod.takes_part()) taking_part_[name.ns].push_back(number);
  }
}

const std::vector<uint32_t>& Pods::of_namespace(const std::string& ns) const {
  static const Posting nobody;
  const auto found = taking_part_.find(ns);
  return found == taking_part_.end() ? nobody : found->second;
}

void Pods::keep(Selected& selected, const Posting& matched) const {
  for (const uint32_t pod : matched) (at(pod).host_network ? selected.on_host : selected.pods).push_back(pod);
  selected.pods.shrink_to_fit();
  finish(selected);
}

void Pods::finish(Selected& selected) const {
  std::vector<bool> seen(lists_.size());
  std::set<model::ContainerPort> ports;
  for (const uint32_t pod : selected.pods) {
    const uint32_t list = port_lists_[pod];
    if (seen[list]) continue;
    seen[list] = true;
    selected.listed.all_list &= !lists_[list].empty();
    ports.insert(lists_[list].begin(), lists_[list].end());
  }
  selected.listed.ports.assign(ports.begin(), ports.end());
}

const Selected& Pods::selected(const std::string& ns, const LabelSelector& selector) {
  const auto [found, is_new] = selected_.try_emplace({ns, selector});
  if (!is_new) return found->second;
  if (const auto index = by_namespace_.find(ns); index != by_namespace_.end())
    keep(found->second, index->second.matched(selector, *this));
  return found->second;
}

const Selected& Pods::selected(const std::string& own_ns, const model::SelectorPeer& peer) {
  static const LabelSelector everybody;
  const LabelSelector& selector = peer.pod_selector ? *peer.pod_selector : everybody;
  if (!peer.namespace_selector) return selected(own_ns, selector);
  const auto [found, is_new] = selected_by_peer_.try_emplace(peer);
  if (!is_new) return found->second;
  Selected& answer = found->second;
  const std::vector<std::string>& matched = namespaces(*peer.namespace_selector);
  Posting together;
  if (demands_a_label(selector)) {
    for (const uint32_t pod : everywhere_.matched(selector, *this))
      if (std::binary_search(matched.begin(), matched.end(), at(pod).name.ns)) together.push_back(pod);
  } else {
    for (const std::string& ns : matched) {
      const auto index = by_namespace_.find(ns);
      if (index == by_namespace_.end()) continue;
      const Posting here = index->second.matched(selector, *this);
      together.insert(together.end(), here.begin(), here.end());
    }
  }
  keep(answer, together);
  return answer;
}

const std::vector<std::string>& Pods::namespaces(const LabelSelector& selector) {
  const auto [found, is_new] = matched_namespaces_.try_emplace(selector);
  if (is_new)
    for (const auto& [name, labels] : namespaces_)
      if (model::matches(selector, labels)) found->second.push_back(name);
  return found->second;
}

const LabelCounts& Pods::labels_of_pods(const std::string& ns) {
  const auto [found, is_new] = pod_labels_.try_emplace(ns);
  if (is_new)
    for (const uint32_t pod : of_namespace(ns))
      for (const auto& [key, value] : at(pod).labels) ++found->second[key][value];
  return found->second;
}

}  // namespace sluice::lint
