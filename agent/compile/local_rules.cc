#include "agent/compile/local_rules.h"

#include <algorithm>
#include <tuple>

#include "agent/model/isolation.h"

namespace sluice::compile {

using model::ClusterNetworkPolicy;
using model::Direction;
using model::NetworkPolicy;

namespace {

Ref ref_of(const PortSpec* spec) {
  if (spec == nullptr) return Ref::none();
  return spec->all ? Ref::all() : Ref::ports(spec->numbers.id());
}

// The peers that NetworkPolicies allow without a rule (semantics 17), where that is no longer decided before them.
const std::shared_ptr<const PeerSet>& own_node() {
  static const auto set = std::make_shared<const PeerSet>(PeerSet{{}, {}, {}, true});
  return set;
}

bool comes_before(const ClusterNetworkPolicy* a, const ClusterNetworkPolicy* b) {
  return std::tie(a->priority, a->name.name) < std::tie(b->priority, b->name.name);
}

}  // namespace

void LocalRules::watch(Group* group) {
  Watched& watched = watched_[group];
  by_namespace_[group->key->ns].insert(group);
  const auto& policies = cluster_.policies;
  for (auto at = policies.lower_bound({group->key->ns, ""});
       at != policies.end() && at->first.ns == group->key->ns; ++at)
    if (model::matches(at->second.pod_selector, group->key->labels)) watched.policies.insert(&at->second);
  for (const auto& [name, policy] : cluster_.cluster_policies)
    if (is_subject(*group, policy)) watched.cluster_policies.insert(&policy);
  mark(group, watched);
}

void LocalRules::unwatch(Group* group) {
  auto at = watched_.find(group);
  release(at->second.sides);
  watched_.erase(at);
  std::erase(stale_, group);
  auto peers = by_namespace_.find(group->key->ns);
  peers->second.erase(group);
  if (peers->second.empty()) by_namespace_.erase(peers);
}

void LocalRules::policy_changed(const NetworkPolicy& policy) {
  compiled_.erase(&policy);
  auto groups = by_namespace_.find(policy.name.ns);
  if (groups == by_namespace_.end()) return;
  for (Group* group : groups->second) {
    Watched& watched = watched_.at(group);
    bool selected = watched.policies.erase(&policy) > 0;
    bool selects = model::matches(policy.pod_selector, group->key->labels);
    if (selects) watched.policies.insert(&policy);
    if (selects || selected) mark(group, watched);
  }
}

void LocalRules::policy_goes(const NetworkPolicy& policy) {
  compiled_.erase(&policy);
  auto groups = by_namespace_.find(policy.name.ns);
  if (groups == by_namespace_.end()) return;
  for (Group* group : groups->second) {
    Watched& watched = watched_.at(group);
    if (watched.policies.erase(&policy) > 0) mark(group, watched);
  }
}

void LocalRules::audit_changed(const std::string& ns) {
  auto groups = by_namespace_.find(ns);
  if (groups == by_namespace_.end()) return;
  for (Group* group : groups->second) mark(group, watched_.at(group));
}

void LocalRules::policy_changed(const ClusterNetworkPolicy& policy) {
  compiled_cluster_.erase(&policy);
  for (auto& [group, watched] : watched_) {
    const bool was_subject = watched.cluster_policies.erase(&policy) > 0, is = is_subject(*group, policy);
    if (is) watched.cluster_policies.insert(&policy);
    if (is || was_subject) mark(group, watched);
  }
}

void LocalRules::policy_goes(const ClusterNetworkPolicy& policy) {
  compiled_cluster_.erase(&policy);
  for (auto& [group, watched] : watched_)
    if (watched.cluster_policies.erase(&policy) > 0) mark(group, watched);
}

void LocalRules::namespace_changed(const std::string& ns) {
  const auto groups = by_namespace_.find(ns);
  if (groups == by_namespace_.end()) return;
  for (Group* group : groups->second) {
    std::set<const ClusterNetworkPolicy*> now;
    for (const auto& [name, policy] : cluster_.cluster_policies)
      if (is_subject(*group, policy)) now.insert(&policy);
    Watched& watched = watched_.at(group);
    if (now == watched.cluster_policies) continue;
    watched.cluster_policies = std::move(now);
    mark(group, watched);
  }
}

bool LocalRules::is_subject(const Group& group, const ClusterNetworkPolicy& policy) const {
  return model::matches(policy.subject.pods, group.key->labels) &&
         model::matches(policy.subject.namespaces, cluster_.namespace_labels(group.key->ns));
}

LocalRules::Changes LocalRules::refresh() {
  Changes changes;
  for (Group* group : std::exchange(stale_, {})) {
    Watched& watched = watched_.at(group);
    watched.stale = false;
    Sides before = watched.sides;
    watched.sides = sides_of(*group, watched);
    release(before);
    if (watched.sides != before) changes.groups.push_back(group);
  }
  for (RulesetId id : std::exchange(changed_, {})) {
    LiveRuleset& live = rulesets_.at(id);
    if (live.uses > 0 && !live.in_use) changes.added.push_back(id);
    if (live.uses == 0 && live.in_use) changes.removed.emplace_back(id, std::move(live.content));
    live.in_use = live.uses > 0;
    if (!live.in_use) rulesets_.erase(id);
  }
  return changes;
}

const LiveRuleset* LocalRules::ruleset(RulesetId id) const {
  auto found = rulesets_.find(id);
  return found == rulesets_.end() ? nullptr : &found->second;
}

const LocalRules::CompiledPolicy& LocalRules::compiled(const NetworkPolicy& policy) {
  auto [at, is_new] = compiled_.try_emplace(&policy);
  if (!is_new) return at->second;
  for (Direction direction : model::kDirections) {
    for (const model::Rule& rule : policy.rules(direction)) {
      CompiledRule compiled{{}, nullptr, port_spec_of(rule.ports)};
      if (!rule.peers.empty()) {
        PeerSet peers = peer_set_of(policy.name.ns, rule.peers);
        compiled.peers = id_of(peers);
        compiled.content = peer_sets_.share(compiled.peers, std::move(peers));
      }
      at->second[static_cast<size_t>(direction)].push_back(std::move(compiled));
    }
  }
  return at->second;
}

// Rules that can match nobody are left out.
const LocalRules::CompiledClusterPolicy& LocalRules::compiled(const ClusterNetworkPolicy& policy) {
  auto [at, is_new] = compiled_cluster_.try_emplace(&policy);
  if (!is_new) return at->second;
  for (Direction direction : model::kDirections) {
    for (const model::ClusterRule& rule : policy.rules(direction)) {
      TierRule compiled{rule.action, {}, nullptr, port_spec_of(rule.protocols)};
      if (rule.closed && rule.action == model::Action::kAccept) continue;
      if (!rule.closed) {
        PeerSet peers = peer_set_of(rule.peers);
        if (peers.empty()) continue;
        compiled.peers = id_of(peers);
        compiled.content = peer_sets_.share(compiled.peers, std::move(peers));
      }
      at->second[static_cast<size_t>(direction)].push_back(
          std::make_shared<const TierRule>(std::move(compiled)));
    }
  }
  return at->second;
}

void LocalRules::add_tiers(const Group& group, const Watched& watched, RulesetContent& content) {
  std::vector<const ClusterNetworkPolicy*> policies;
  for (const ClusterNetworkPolicy* policy : watched.cluster_policies)
    if (!policy->rules(content.direction).empty()) policies.push_back(policy);
  if (policies.empty()) return;
  std::sort(policies.begin(), policies.end(), comes_before);
  std::array<TierRules, 2> tiers;
  for (const ClusterNetworkPolicy* policy : policies) {
    TierRules& tier = tiers[static_cast<size_t>(policy->tier)];
    for (const auto& rule : compiled(*policy)[static_cast<size_t>(content.direction)]) {
      if (content.direction == Direction::kEgress || rule->ports.names.empty()) {
        tier.push_back(rule);
        continue;
      }
      // An ingress rule's port names are those of the pod itself (semantics 58).
      TierRule own = *rule;
      own.ports = resolved(rule->ports, group.key->ports);
      if (!own.ports.nothing()) tier.push_back(std::make_shared<const TierRule>(std::move(own)));
    }
  }
  content::Tiers made(std::move(tiers[0]), std::move(tiers[1]));
  const uint64_t id = made.id();
  content.tiers = tiers_.share(id, std::move(made));
}

void LocalRules::mark(Group* group, Watched& watched) {
  if (!std::exchange(watched.stale, true)) stale_.push_back(group);
}

LocalRules::Sides LocalRules::sides_of(const Group& group, const Watched& watched) {
  Sides sides;
  for (Direction direction : model::kDirections) {
    const size_t d = static_cast<size_t>(direction);
    std::vector<const NetworkPolicy*> all, enforced;
    for (const NetworkPolicy* policy : watched.policies) {
      if (!policy->isolates(direction)) continue;
      all.push_back(policy);
      if (!model::is_in_audit(cluster_, *policy)) enforced.push_back(policy);
    }
    sides.enforced[d] = side_of(group, watched, enforced, direction);
    if (enforced.size() < all.size()) sides.audited[d] = side_of(group, watched, all, direction);
  }
  return sides;
}

image::Side LocalRules::side_of(const Group& group, const Watched& watched,
                                const std::vector<const NetworkPolicy*>& policies, Direction direction) {
  RulesetContent content;
  content.direction = direction;
  content.isolated = !policies.empty();
  for (const NetworkPolicy* policy : policies)
    for (const CompiledRule& rule : compiled(*policy)[static_cast<size_t>(direction)]) {
      look_for_twin(content, rule);
      // An ingress rule's port names are those of the pod itself (semantics 15).
      content.add(rule.peers, rule.content,
                  direction == Direction::kIngress ? resolved(rule.ports, group.key->ports) : rule.ports);
    }
  add_tiers(group, watched, content);
  if (!content.isolated && !content.tiers) return {};
  const bool whole = content.tiers && direction == Direction::kEgress;
  if (whole && content.isolated) content.add(id_of(*own_node()), own_node(), {true, {}, {}});
  const RulesetId id = content.id();
  use(id, std::move(content));
  return {id, rulesets_.at(id).default_ref, whole};
}

// Peers of one rule set that have one id would become one entry there, which nobody after it could tell.
void LocalRules::look_for_twin(const RulesetContent& content, const CompiledRule& rule) {
  const auto known = content.rules.find(rule.peers);
  if (known == content.rules.end() || known->second.peers == rule.content) return;
  if (*known->second.peers != *rule.content) collision_ = "peers " + rule.peers.to_text();
}

void LocalRules::use(RulesetId id, RulesetContent content) {
  LiveRuleset& live = rulesets_[id];
  if (live.uses++ == 0 && !live.in_use) {
    live.content = std::move(content);
    const PortSpec* everyone = live.content.of({});
    live.default_ref = ref_of(everyone);
    if (everyone != nullptr) live.default_ports = everyone->numbers;
    if (live.content.tiers) {
      live.default_ports = folded(live.content, {});
      live.default_ref = ref_of(live.default_ports);
      live.names_domains = live.content.names_domains();
    }
  } else if (live.content != content) {
    collision_ = "rule set " + id.to_text();
  }
  changed_.insert(id);
}

void LocalRules::release(const Sides& sides) {
  for (const auto& of : {sides.enforced, sides.audited})
    for (const image::Side& side : of)
      if (side.ruleset) release(side.ruleset);
}

void LocalRules::release(RulesetId id) {
  --rulesets_.at(id).uses;
  changed_.insert(id);
}

}  // namespace sluice::compile
