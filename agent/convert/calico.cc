// Calico's tiers. Rules stand in an order there, and the first that matches counts; at the end of a tier that has a policy
// for the pod all is denied. So:
//
//  * A last tier in which all rules allow needs no order: its policies are NetworkPolicies (is_union).
//  * Any other tier is a row of ClusterNetworkPolicies in tier Admin, a priority a policy, each tier with a `Deny` of all at
//    its end. `Pass` is that of ClusterNetworkPolicy where NetworkPolicies come next, and `Accept` where nothing does.
//  * No ClusterNetworkPolicy knows sources that are no pods. What a row allows of them is a NetworkPolicy, which also
//    isolates; what it denied of them before is cut out of that (Outsiders).
#include <algorithm>

#include "agent/convert/calico.h"
#include "agent/convert/calico_outsiders.h"
#include "agent/convert/dialects.h"
#include "agent/convert/write.h"
#include "agent/source/decode/decode_kinds.h"

namespace sluice::convert {
namespace {

using model::Action;
using model::ClusterRule;
using model::Direction;

constexpr uint32_t kFirstRow = 100, kLastRow = 1000;

enum class Next : uint8_t { kNothing, kPolicies, kRow };  // what comes after a tier

class CalicoWriter {
 public:
  CalicoWriter(const Cluster& cluster, Output& output) : cluster_(cluster), output_(output) {}

  void write(const std::vector<CalicoTier>& tiers) {
    for (const Direction direction : model::kDirections) write_direction(tiers, direction);
    for (const CalicoTier& tier : tiers)
      for (const CalicoPolicy& policy : tier.policies)
        if (const auto parts = network_policies_.find(&policy); parts != network_policies_.end())
          write_network_policies(policy, parts->second, cluster_, output_);
  }

 private:
  void write_direction(const std::vector<CalicoTier>& tiers, Direction direction) {
    direction_ = direction;
    const auto at = static_cast<size_t>(direction);
    std::vector<std::vector<const CalicoPolicy*>> rows;
    std::vector<const CalicoTier*> of;
    for (const CalicoTier& tier : tiers) {
      std::vector<const CalicoPolicy*> policies;
      for (const CalicoPolicy& policy : tier.policies)
        if (policy.has_type[at]) policies.push_back(&policy);
      if (policies.empty()) continue;
      rows.push_back(std::move(policies));
      of.push_back(&tier);
    }
    if (rows.empty()) return;
    ends_in_policies_ = is_union(*of.back(), rows.back());
    const size_t ordered = rows.size() - ends_in_policies_;
    if (!ends_in_policies_ && !of.back()->before_default) lose_network_policies();
    ends_in_policies_ |= of.back()->before_default;
    Outsiders outsiders(cluster_, output_);
    for (size_t i = 0; i < ordered; ++i) {
      const Next next = i + 1 < ordered ? Next::kRow : ends_in_policies_ ? Next::kPolicies : Next::kNothing;
      Subjects later;
      for (size_t j = i + 1; j < rows.size(); ++j)
        for (const CalicoPolicy* policy : rows[j])
          later.insert(later.end(), policy->subjects.begin(), policy->subjects.end());
      write_row(rows[i], of[i]->passes, next, later, outsiders);
    }
    if (ordered < rows.size()) write_union(rows.back(), outsiders);
  }

  // NetworkPolicies of Kubernetes stand in the tier default, which is a row before them here.
  void lose_network_policies() {
    for (const auto& [name, policy] : cluster_.objects.policies)
      if (policy.isolates(direction_))
        output_.lose(
            {"NetworkPolicy " + name.to_text() + " (networking.k8s.io/v1)", "",
             "it stands in Calico's tier default, whose rules have an order here",
             "pods that Calico's policies of the tier select are not asked about it, which allows less"});
  }

  // May the order of these rules be forgotten?
  bool is_union(const CalicoTier& tier, const std::vector<const CalicoPolicy*>& policies) const {
    if (tier.passes) return false;
    const auto at = static_cast<size_t>(direction_);
    for (size_t i = 0; i < policies.size(); ++i) {
      const auto& rules = policies[i]->rules[at];
      if (direction_ == Direction::kEgress && policies[i]->ns.empty())
        for (const model::PodsPeer& subject : policies[i]->subjects)
          if (!namespaces_of(cluster_, subject.namespaces)) return false;
      for (size_t j = 0; j < rules.size(); ++j) {
        if (rules[j].action == CalicoAction::kAllow) continue;
        if (rules[j].action == CalicoAction::kPass || !rules[j].is_of_all()) return false;
        // Denies all: nothing that allows may come after.
        bool allowed_later = j + 1 < rules.size();
        for (size_t k = i + 1; k < policies.size(); ++k)
          allowed_later |=
              !policies[k]->rules[at].empty() && !are_apart(policies[i]->subjects, policies[k]->subjects);
        if (allowed_later) return false;
      }
    }
    return true;
  }

  void write_union(const std::vector<const CalicoPolicy*>& policies, Outsiders& outsiders) {
    for (const CalicoPolicy* policy : policies) {
      CalicoMade& made = network_policies_[policy];
      made.isolates[static_cast<size_t>(direction_)] = true;
      for (const CalicoRule& rule : policy->rules[static_cast<size_t>(direction_)])
        if (rule.action == CalicoAction::kAllow) add_union_rule(*policy, rule, outsiders, made);
    }
  }

  void add_union_rule(const CalicoPolicy& policy, const CalicoRule& rule, Outsiders& outsiders,
                      CalicoMade& made) {
    if (direction_ == Direction::kIngress && outsiders.concern(policy.subjects))
      add_union_rest(policy, rule, outsiders, made);
    else
      made.rules[static_cast<size_t>(direction_)].push_back(rule);
  }

  // Sources that are no pods were partly decided by tiers before.
  void add_union_rest(const CalicoPolicy& policy, const CalicoRule& rule, Outsiders& outsiders,
                      CalicoMade& made) {
    CalicoRule pods = rule;
    pods.peers.everyone = false;
    pods.peers.cidrs = outsiders.pods_among(rule.peers.cidrs);
    if (rule.peers.everyone) pods.peers.pods = {every_pod()};
    if (!pods.peers.is_nobody()) made.rules[0].push_back(std::move(pods));
    if (auto rest = outsiders.allowed(policy, rule, /*pods_come=*/true))
      made.rules[0].push_back(std::move(*rest));
  }

  // ---- a row of ClusterNetworkPolicies

  void write_row(const std::vector<const CalicoPolicy*>& policies, bool passes, Next next,
                 const Subjects& later, Outsiders& outsiders) {
    const auto at = static_cast<size_t>(direction_);
    std::vector<const CalicoPolicy*> passed;  // that leave the rest to the next tier
    for (const CalicoPolicy* policy : policies) {
      std::vector<ClusterRule> rules;
      bool all_passed = false;
      for (const CalicoRule& rule : policy->rules[at]) {
        all_passed = rule.action == CalicoAction::kPass && rule.is_of_all() &&
                     may_fall_through(*policy, policies, next);
        if (all_passed && next == Next::kRow) break;
        add_row_rule(*policy, rule, next, rules);
        if (all_passed) break;
      }
      if (all_passed) passed.push_back(policy);
      add_row_policy(*policy, "", rules);
    }
    const bool accepts = passes && next == Next::kNothing;
    if (!passes || accepts)
      for (const CalicoPolicy* policy : policies)
        if (std::find(passed.begin(), passed.end(), policy) == passed.end())
          add_row_policy(*policy, "end-", {rule_for_all(accepts ? Action::kAccept : Action::kDeny)});
    if (direction_ == Direction::kIngress)
      write_outsiders({policies, passed, passes, next, later}, outsiders);
  }

  // A `Pass` of all with nothing after it in its tier that is said for some of the same pods.
  bool may_fall_through(const CalicoPolicy& policy, const std::vector<const CalicoPolicy*>& policies,
                        Next next) const {
    if (next != Next::kRow) return true;
    return std::all_of(policies.begin(), policies.end(), [&](const CalicoPolicy* other) {
      return other == &policy || are_apart(policy.subjects, other->subjects);
    });
  }

  std::vector<model::ClusterPeer> row_peers(const CalicoPolicy& policy, const CalicoRule& rule) {
    std::vector<model::ClusterPeer> peers(rule.peers.pods.begin(), rule.peers.pods.end());
    if (rule.peers.everyone) peers.emplace_back(every_pod());
    if (direction_ == Direction::kEgress) {
      if (rule.peers.everyone)
        for (model::ClusterPeer& all : every_address()) peers.push_back(std::move(all));
      if (!rule.peers.cidrs.empty()) peers.emplace_back(model::NetworksPeer{rule.peers.cidrs});
      return peers;
    }
    const bool no_pods = cluster_.knows_own() && !overlap(rule.peers.cidrs, cluster_.own);
    if (rule.peers.cidrs.empty() || no_pods) return peers;
    const bool allow = rule.action == CalicoAction::kAllow;
    lose(policy, rule,
         "sources that are pods cannot be told by their addresses: select them, and say by --cluster which "
         "are pods",
         allow ? "pods are left out, which allows less" : "every pod is denied, which allows less");
    if (!allow) peers = {every_pod()};
    return peers;
  }

  void add_row_rule(const CalicoPolicy& policy, const CalicoRule& rule, Next next,
                    std::vector<ClusterRule>& rules) {
    ClusterRule made;
    CalicoAction action = rule.action;
    const size_t losses = losses_;
    made.peers = row_peers(policy, rule);
    made.protocols = numbered(rule.ports);
    if (has_other_names(rule.ports)) {
      const bool allow = action == CalicoAction::kAllow;
      lose(policy, rule, "the name of a port cannot be told from the same name of another protocol's",
           allow ? "the name is left out, which allows less" : "every port is denied, which allows less");
      if (!allow) made.protocols = {};
    }
    const bool every_port = rule.all_ports || (action != CalicoAction::kAllow && has_other_names(rule.ports));
    if (made.peers.empty() || (!every_port && made.protocols.empty())) return;
    if (action == CalicoAction::kPass && next == Next::kRow) {
      lose(policy, rule,
           "Pass into a tier whose rules have an order can be said only of all that is left, by the tier's "
           "one policy for a pod",
           "denied, which allows less");
      action = CalicoAction::kDeny;
    }
    if (action == CalicoAction::kPass && losses_ != losses) action = CalicoAction::kDeny;
    made.action = action == CalicoAction::kDeny                              ? Action::kDeny
                  : action == CalicoAction::kAllow || next == Next::kNothing ? Action::kAccept
                                                                             : Action::kPass;
    rules.push_back(std::move(made));
  }

  ClusterRule rule_for_all(Action action) const {
    ClusterRule rule;
    rule.action = action;
    rule.peers = {every_pod()};
    if (direction_ == Direction::kEgress)
      for (model::ClusterPeer& all : every_address()) rule.peers.push_back(std::move(all));
    return rule;
  }

  void add_row_policy(const CalicoPolicy& policy, const char* mark, const std::vector<ClusterRule>& rules) {
    if (rules.empty() || policy.subjects.empty()) return;
    if (priority_ > kLastRow) {
      if (priority_++ == kLastRow + 1)
        output_.problem(policy.called +
                        ": is one policy too many for the priorities of ClusterNetworkPolicies: convert "
                        "tiers one by one");
      return;
    }
    for (const model::PodsPeer& subject : policy.subjects) {
      model::ClusterNetworkPolicy made;
      made.name.name = "calico-" + (policy.ns.empty() ? "" : policy.ns + "-") + policy.name + "-" + mark +
                       std::string(model::to_text(direction_));
      made.priority = priority_;
      made.subject = subject;
      (direction_ == Direction::kIngress ? made.ingress : made.egress) = rules;
      output_.add(made);
    }
    ++priority_;
  }

  // ---- sources that are no pods

  struct Row {
    const std::vector<const CalicoPolicy*>& policies;
    const std::vector<const CalicoPolicy*>& passed;  // those that leave the rest to the next tier
    const bool passes;                               // all do
    const Next next;
    const Subjects& later;  // of whom a later tier decides
  };

  void write_outsiders(const Row& row, Outsiders& outsiders) {
    const std::vector<const CalicoPolicy*>& policies = row.policies;
    const std::vector<const CalicoPolicy*>& passed = row.passed;
    const Next next = row.next;
    const bool ends = next == Next::kNothing;  // who passes is allowed
    std::vector<Subjects> elsewhere;           // of whom a later tier decides
    for (const CalicoPolicy* policy : passed)
      if (!ends) elsewhere.push_back(policy->subjects);
    // Where a part of the traffic is passed, NetworkPolicies are asked: no later tier may isolate the pod.
    std::vector<Subjects> asked = elsewhere;
    for (const CalicoPolicy* policy : policies)
      if (!ends && passes_a_part(*policy) && !covers(row.later, policy->subjects))
        asked.push_back(policy->subjects);
    const auto leaves = [&](const CalicoPolicy* policy) {
      return row.passes || std::any_of(passed.begin(), passed.end(), [&](const CalicoPolicy* other) {
               return other == policy || (!ends && covers(other->subjects, policy->subjects));
             });
    };
    std::vector<Subjects> gone;  // by a policy before
    for (const CalicoPolicy* policy : policies) {
      // Who leaves the rest to tiers that do not isolate the pod must not be isolated by what is said here.
      const bool isolates = ends || !leaves(policy) || covers(row.later, policy->subjects);
      const bool is_passed = std::find(passed.begin(), passed.end(), policy) != passed.end();
      write_outsiders_of(*policy, {next, isolates, is_passed}, gone, outsiders);
      if (ends || !leaves(policy)) isolate_outsiders(*policy, asked);
      if (is_passed && !ends) gone.push_back(policy->subjects);
    }
    for (const CalicoPolicy* policy : policies)
      if (row.passes && ends)
        allow_outsiders_rest(*policy, outsiders);
      else if (!leaves(policy))
        outsiders.deny(policy->subjects, {CalicoAction::kDeny, {true, {}, {}}, true, {}, {}}, elsewhere);
  }

  struct InRow {
    Next next;
    bool isolates, is_passed;
  };

  void write_outsiders_of(const CalicoPolicy& policy, const InRow& row, const std::vector<Subjects>& gone,
                          Outsiders& outsiders) {
    if (std::any_of(gone.begin(), gone.end(),
                    [&](const Subjects& by) { return covers(by, policy.subjects); }))
      return;
    const bool doubtful = std::any_of(gone.begin(), gone.end(),
                                      [&](const Subjects& by) { return !are_apart(by, policy.subjects); });
    for (const CalicoRule& rule : policy.rules[0]) {
      const bool all_passed = rule.action == CalicoAction::kPass && rule.is_of_all();
      // What cannot be passed is denied, in the row too.
      if (all_passed && row.next == Next::kRow && !row.is_passed)
        outsiders.deny(policy.subjects, {CalicoAction::kDeny, {true, {}, {}}, true, {}, {}});
      if (all_passed && row.next != Next::kNothing) break;
      if (doubtful && rule.action == CalicoAction::kAllow &&
          (rule.peers.everyone || !rule.peers.cidrs.empty()))
        lose(policy, rule, "some of its pods are passed to the next tier before",
             "sources that are no pods are left out, which allows less");
      else
        add_outsiders_rule(policy, rule, row.next, row.isolates, outsiders);
      if (all_passed) break;
    }
  }

  static bool passes_a_part(const CalicoPolicy& policy) {
    return std::any_of(policy.rules[0].begin(), policy.rules[0].end(), [](const CalicoRule& rule) {
      return rule.action == CalicoAction::kPass && !rule.is_of_all();
    });
  }

  void isolate_outsiders(const CalicoPolicy& policy, const std::vector<Subjects>& elsewhere) {
    network_policies_[&policy].isolates[0] = true;
    for (const Subjects& others : elsewhere)
      if (!are_apart(others, policy.subjects)) {
        output_.lose({policy.called, "spec.selector",
                      "some of its pods are passed to the next tier, and others not",
                      "sources that are no pods may be denied there too, which allows less"});
        ++losses_;
        return;
      }
  }

  void allow_outsiders_rest(const CalicoPolicy& policy, Outsiders& outsiders) {
    const CalicoRule all{CalicoAction::kAllow, {true, {}, {}}, true, {}, "spec"};
    if (auto rest = outsiders.allowed(policy, all, false))
      network_policies_[&policy].rules[0].push_back(std::move(*rest));
  }

  void add_outsiders_rule(const CalicoPolicy& policy, const CalicoRule& rule, Next next, bool isolates,
                          Outsiders& outsiders) {
    if (!rule.peers.everyone && rule.peers.cidrs.empty()) return;
    const bool allows =
        rule.action == CalicoAction::kAllow || (rule.action == CalicoAction::kPass && next == Next::kNothing);
    if (allows && isolates) {
      if (auto rest = outsiders.allowed(policy, rule, ends_in_policies_)) {
        network_policies_[&policy].isolates[0] = true;
        network_policies_[&policy].rules[0].push_back(std::move(*rest));
      }
    } else if (allows) {
      lose(policy, rule, "sources that are no pods can be allowed only by a policy that isolates",
           "left out, which allows less");
    } else {
      if (rule.action == CalicoAction::kPass)
        lose(policy, rule, "Pass of sources that are no pods can be said only of all that is left",
             "denied, which allows less");
      if (!isolates)
        output_.lose({policy.called, rule.path,
                      "sources that are no pods cannot be denied, only not be allowed",
                      "to leave it out would allow more: take it out of the input", true});
      outsiders.deny(policy.subjects, rule);
    }
  }

  void lose(const CalicoPolicy& policy, const CalicoRule& rule, std::string_view what,
            std::string_view done) {
    output_.lose({policy.called, rule.path, std::string(what), std::string(done)});
    ++losses_;
  }

  const Cluster& cluster_;
  Output& output_;
  Direction direction_ = Direction::kIngress;
  bool ends_in_policies_ =
      false;  // the last tier of the direction is one of NetworkPolicies: pods may come there
  uint32_t priority_ = kFirstRow;
  size_t losses_ = 0;
  std::map<const CalicoPolicy*, CalicoMade> network_policies_;
};

}  // namespace

void convert_calico(const Input& input, const Cluster& cluster, Output& output) {
  CalicoWriter(cluster, output).write(read_calico(input, output));
}

}  // namespace sluice::convert
