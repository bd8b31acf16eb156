// LocalRules: which policies hold for the groups that have pods on this node, and the rule sets
// that follow.
//
// Laws:
//  1. After refresh(), every watched group's sides are those of semantics 6, 7 and 42 to 49, of the policies that are not
//     in audit.
//  2. A rule set is in force while some group's side has it.
//  3. Policies are known by their place in model::Cluster; policy_goes() must come before the
//     Cluster drops one.
//
// Not thread-safe.
#pragma once

#include <array>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/compile/pods.h"
#include "agent/compile/shared.h"

namespace sluice::compile {

struct LiveRuleset {
  RulesetContent content;
  Ref default_ref;
  image::Portset default_ports;  // of default_ref, where it has ports
  bool names_domains = false;
  size_t uses = 0;
  bool in_use = false;
};

class LocalRules {
 public:
  struct Sides {  // by model::Direction
    std::array<image::Side, 2> enforced;
    // With the policies in audit among them, where one of these isolates the group in that direction.
    std::array<image::Side, 2> audited;
    bool operator==(const Sides&) const = default;
  };

  explicit LocalRules(const model::Cluster& cluster) : cluster_(cluster) {}

  // A group has a first pod on this node, or no more. unwatch() before the group is dropped.
  void watch(Group* group);
  void unwatch(Group* group);
  void policy_changed(const model::NetworkPolicy& policy);
  void policy_goes(const model::NetworkPolicy& policy);
  // Its policies are in audit from this change on, or no more.
  void audit_changed(const std::string& ns);
  void policy_changed(const model::ClusterNetworkPolicy& policy);
  void policy_goes(const model::ClusterNetworkPolicy& policy);
  // Its labels, which subjects of ClusterNetworkPolicies ask for.
  void namespace_changed(const std::string& ns);

  struct Changes {
    std::vector<RulesetId> added;
    std::vector<std::pair<RulesetId, RulesetContent>> removed;
    std::vector<Group*> groups;  // whose sides changed
  };
  Changes refresh();

  const Sides& sides(Group* group) const { return watched_.at(group).sides; }
  const LiveRuleset* ruleset(RulesetId id) const;  // nullptr where it is not in force
  // Names the first id that two different contents have; empty while no id has two.
  const std::string& collision() const { return collision_; }
  const std::unordered_map<RulesetId, LiveRuleset>& rulesets() const { return rulesets_; }

 private:
  struct Watched {
    std::set<const model::NetworkPolicy*> policies;                 // that select it
    std::set<const model::ClusterNetworkPolicy*> cluster_policies;  // whose subject it is
    Sides sides;
    bool stale = false;
  };
  struct CompiledRule {
    PeerSetId peers;
    std::shared_ptr<const PeerSet> content;
    PortSpec ports;
  };
  using CompiledPolicy = std::array<std::vector<CompiledRule>, 2>;
  using CompiledClusterPolicy = std::array<TierRules, 2>;

  const CompiledPolicy& compiled(const model::NetworkPolicy& policy);
  const CompiledClusterPolicy& compiled(const model::ClusterNetworkPolicy& policy);
  bool is_subject(const Group& group, const model::ClusterNetworkPolicy& policy) const;
  void add_tiers(const Group& group, const Watched& watched, RulesetContent& content);
  void mark(Group* group, Watched& watched);
  // policies: the NetworkPolicies that isolate the group in that direction.
  image::Side side_of(const Group& group, const Watched& watched,
                      const std::vector<const model::NetworkPolicy*>& policies, model::Direction direction);
  Sides sides_of(const Group& group, const Watched& watched);
  void look_for_twin(const RulesetContent& content, const CompiledRule& rule);
  void release(const Sides& sides);
  void use(RulesetId id, RulesetContent content);
  void release(RulesetId id);

  const model::Cluster& cluster_;
  std::unordered_map<Group*, Watched> watched_;
  std::unordered_map<std::string, std::set<Group*>> by_namespace_;
  std::unordered_map<const model::NetworkPolicy*, CompiledPolicy> compiled_;
  std::unordered_map<const model::ClusterNetworkPolicy*, CompiledClusterPolicy> compiled_cluster_;
  Shared<PeerSetId, PeerSet> peer_sets_;
  Shared<uint64_t, content::Tiers> tiers_;
  std::unordered_map<RulesetId, LiveRuleset> rulesets_;
  std::set<RulesetId> changed_;
  std::vector<Group*> stale_;
  std::string collision_;
};

}  // namespace sluice::compile
