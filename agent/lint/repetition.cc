// Rules and policies that add nothing to others.
//
// Who may cover a rule is found by index: what covers a selector asks for no key that the selector does not ask for, so
// each rule stands under one term of its policy's selector and one of each of its peers and ports, and is looked for
// under the terms of the narrower one.
#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_map>

#include "agent/lint/checks.h"
#include "agent/lint/cover.h"
#include "agent/lint/words.h"

namespace sluice::lint {
namespace {

using model::Direction;
using model::LabelSelector;
using model::NetworkPolicy;
using model::Operator;
using model::Requirement;

constexpr char kAnything[] = "*";
// Where peers and ports together make more keys than this, a rule stands under its peers alone.
constexpr size_t kMostKeys = 256;
constexpr char kManyPorts[] = "many";

// "app=web" where it asks for one value, else "app".
std::string term_of(const Requirement& requirement) {
  const bool one = requirement.op == Operator::kIn && requirement.values.size() == 1;
  return one ? requirement.key + "=" + requirement.values[0] : requirement.key;
}

// The one under which it stands: the longest, of one value where there is one; so that many share few.
std::string term_of(const LabelSelector& selector) {
  std::string best;
  for (const Requirement& requirement : selector.requirements) {
    std::string term = term_of(requirement);
    const bool better = best.empty() || (term.find('=') != term.npos) > (best.find('=') != best.npos);
    if (better) best = std::move(term);
  }
  return best.empty() ? kAnything : best;
}

// Those under which what covers it may stand.
std::vector<std::string> terms_above(const LabelSelector& selector) {
  std::vector<std::string> terms = {kAnything};
  for (const Requirement& requirement : selector.requirements) {
    terms.push_back(requirement.key);
    if (std::string term = term_of(requirement); term != requirement.key) terms.push_back(std::move(term));
  }
  return terms;
}

std::vector<std::string> terms_above(const model::Labels& labels) {
  std::vector<std::string> terms = {kAnything};
  for (const auto& [key, value] : labels) {
    terms.push_back(key);
    terms.push_back(term_of({key, Operator::kIn, {value}}));
  }
  return terms;
}

std::string joined(const std::string& one, const std::string& other) {
  return one + " | " + other;
}

std::string key_of(const model::Peer& peer) {
  if (const auto* block = std::get_if<model::IpBlock>(&peer)) return "cidr " + block->cidr.to_text();
  const auto& selectors = std::get<model::SelectorPeer>(peer);
  return joined(selectors.namespace_selector ? "in " + term_of(*selectors.namespace_selector) : "here",
                selectors.pod_selector ? term_of(*selectors.pod_selector) : kAnything);
}

std::vector<std::string> keys_above(const model::Peer& peer, const model::Labels& own_namespace) {
  std::vector<std::string> keys;
  if (const auto* block = std::get_if<model::IpBlock>(&peer)) {
    for (int length = 0; length <= block->cidr.length(); ++length)
      keys.push_back(key_of(model::IpBlock{*net::Cidr::of(block->cidr.base(), length), {}}));
    return keys;
  }
  const auto& selectors = std::get<model::SelectorPeer>(peer);
  std::vector<std::string> namespaces;
  if (!selectors.namespace_selector) namespaces.emplace_back("here");
  for (const std::string& term :
       selectors.namespace_selector ? terms_above(*selectors.namespace_selector) : terms_above(own_namespace))
    namespaces.push_back("in " + term);
  const std::vector<std::string> pods =
      terms_above(selectors.pod_selector ? *selectors.pod_selector : LabelSelector{});
  for (const std::string& ns : namespaces)
    for (const std::string& pod : pods) keys.push_back(joined(ns, pod));
  return keys;
}

std::string key_of(const model::PolicyPort& port) {
  const std::string protocol = port.protocol.to_text() + " ";
  if (const auto* name = std::get_if<std::string>(&port.port)) return protocol + *name;
  const auto* range = std::get_if<net::PortRange>(&port.port);
  if (range == nullptr) return protocol + kAnything;
  return protocol + (range->first == range->last ? std::to_string(range->first.host()) : "-");
}

// Of what a rule lists the keys under which it stands, or kAnything.
template <typename T>
std::vector<std::string> keys_of(const std::vector<T>& list) {
  std::vector<std::string> keys;
  keys.reserve(list.size() + 1);
  for (const T& item : list) keys.push_back(key_of(item));
  if (keys.empty()) keys.emplace_back(kAnything);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

std::vector<std::string> keys_above(const model::PolicyPort& port) {
  const std::string protocol = port.protocol.to_text() + " ";
  return {protocol + kAnything, protocol + "-", key_of(port)};
}

struct RulePlace {
  const NetworkPolicy* policy;
  size_t index;
};

// The rules of one direction of one namespace.
class Shadows {
 public:
  Shadows(Direction direction, model::Labels own_namespace)
      : direction_(direction), own_namespace_(std::move(own_namespace)) {}

  void add(const NetworkPolicy& policy) {
    for (size_t i = 0; i < policy.rules(direction_).size(); ++i) {
      const model::Rule& rule = policy.rules(direction_)[i];
      const std::string selector = term_of(policy.pod_selector);
      const bool many = rule.peers.size() * rule.ports.size() > kMostKeys;
      const std::vector<std::string> ports =
          many ? std::vector<std::string>{kManyPorts} : keys_of(rule.ports);
      for (const std::string& peer : keys_of(rule.peers))
        for (const std::string& port : ports)
          by_terms_[joined(joined(selector, peer), port)].push_back({&policy, i});
    }
  }

  // The first rule that allows all that this one does; none where there is none.
  const RulePlace* wider_than(const RulePlace& narrow) const {
    const model::Rule& rule = narrow.policy->rules(direction_)[narrow.index];
    std::vector<std::string> peers = {kAnything}, ports = {kAnything, kManyPorts};
    if (!rule.peers.empty())
      for (std::string& key : keys_above(rule.peers[0], own_namespace_)) peers.push_back(std::move(key));
    if (!rule.ports.empty())
      for (std::string& key : keys_above(rule.ports[0])) ports.push_back(std::move(key));
    for (const std::string& selector : terms_above(narrow.policy->pod_selector))
      for (const std::string& peer : peers)
        for (const std::string& port : ports)
          if (const RulePlace* wide = wider_at(joined(joined(selector, peer), port), narrow)) return wide;
    return nullptr;
  }

 private:
  const RulePlace* wider_at(const std::string& terms, const RulePlace& narrow) const {
    const auto found = by_terms_.find(terms);
    if (found == by_terms_.end()) return nullptr;
    for (const RulePlace& wide : found->second)
      if (shadows(wide, narrow)) return &wide;
    return nullptr;
  }
  bool allows_all(const RulePlace& wide, const RulePlace& narrow) const {
    return covers(wide.policy->pod_selector, narrow.policy->pod_selector) &&
           covers(wide.policy->rules(direction_)[wide.index], narrow.policy->rules(direction_)[narrow.index],
                  own_namespace_);
  }
  // Is the one in force whenever the other is? Hours are not compared but as text.
  static bool is_in_force_with(const NetworkPolicy& wide, const NetworkPolicy& narrow) {
    return (wide.active.empty() || wide.active == narrow.active) && (!wide.audit || narrow.audit);
  }
  // Of two that allow the same the first is not said to be in the other's shadow.
  bool shadows(const RulePlace& wide, const RulePlace& narrow) const {
    const bool same = wide.policy == narrow.policy && wide.index == narrow.index;
    if (same || !is_in_force_with(*wide.policy, *narrow.policy) || !allows_all(wide, narrow)) return false;
    const bool earlier =
        std::tie(wide.policy->name, wide.index) < std::tie(narrow.policy->name, narrow.index);
    return earlier || !allows_all(narrow, wide);
  }

  const Direction direction_;
  const model::Labels own_namespace_;
  std::unordered_map<std::string, std::vector<RulePlace>> by_terms_;
};

// What the policy means, whatever the order in which it says so.
NetworkPolicy meaning_of(NetworkPolicy policy) {
  policy.name.name.clear();
  if (!policy.isolates_ingress) policy.ingress.clear();
  if (!policy.isolates_egress) policy.egress.clear();
  const auto make_set = [](auto& values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
  };
  for (auto* rules : {&policy.ingress, &policy.egress}) {
    for (model::Rule& rule : *rules) {
      make_set(rule.peers);
      make_set(rule.ports);
    }
    make_set(*rules);
  }
  return policy;
}

struct ByMeaning {
  static auto key(const NetworkPolicy& policy) {
    return std::tie(policy.name, policy.pod_selector, policy.isolates_ingress, policy.isolates_egress,
                    policy.ingress, policy.egress, policy.active, policy.audit);
  }
  bool operator()(const NetworkPolicy& a, const NetworkPolicy& b) const { return key(a) < key(b); }
};

// Those that are said to be duplicates.
std::set<const NetworkPolicy*> check_duplicates(const Input& input, Report& report) {
  std::map<NetworkPolicy, const NetworkPolicy*, ByMeaning> first;
  std::set<const NetworkPolicy*> duplicates;
  for (const auto& [name, policy] : input.cluster.policies) {
    const auto [found, is_new] = first.try_emplace(meaning_of(policy), &policy);
    if (is_new) continue;
    duplicates.insert(&policy);
    report.add(
        Rule::kDuplicatePolicy, policy, "",
        {"it says the same as NetworkPolicy " + found->second->name.to_text(), "remove one of the two"});
  }
  return duplicates;
}

}  // namespace

void check_repetition(const Input& input, Pods& pods, Report& report) {
  const std::set<const NetworkPolicy*> duplicates = check_duplicates(input, report);
  std::map<std::string, std::vector<const NetworkPolicy*>> by_namespace;
  for (const auto& [name, policy] : input.cluster.policies)
    if (!duplicates.contains(&policy)) by_namespace[name.ns].push_back(&policy);
  for (const auto& [ns, policies] : by_namespace)
    for (const Direction direction : model::kDirections) {
      Shadows shadows(direction, pods.namespaces().at(ns));
      for (const NetworkPolicy* policy : policies)
        if (policy->isolates(direction)) shadows.add(*policy);
      for (const NetworkPolicy* policy : policies)
        for (size_t i = 0; policy->isolates(direction) && i < policy->rules(direction).size(); ++i)
          if (const RulePlace* wide = shadows.wider_than({policy, i}))
            report.add(Rule::kShadowedRule, *policy, path_of(direction, i),
                       {wide->policy->name.to_text() + ":" + std::string(model::to_text(direction)) + "[" +
                            std::to_string(wide->index) + "] allows all that this rule does",
                        "remove the rule, or narrow the other one"});
    }
}

}  // namespace sluice::lint
