// ClusterNetworkPolicies as those meet them who explain: whom they speak of, in which order, and how their rules are
// called. The reference engine and the compiler's tables have their own way. Pure; the Cluster must outlive what points
// into it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/model/cluster.h"

namespace sluice::model {

// Is a pod of the namespace with these labels subject of the policy? (semantics 48)
bool is_subject(const Cluster& cluster, const std::string& ns, const Labels& labels,
                const ClusterNetworkPolicy& policy);

// Of both tiers, in the order in which they are asked (semantics 43).
std::vector<const ClusterNetworkPolicy*> in_order(const Cluster& cluster);

// "Admin/NAME", as no namespace is called (semantics 72).
std::string called(const ClusterNetworkPolicy& policy);
// "Admin/NAME:egress[2]"
std::string rule_name(const ClusterNetworkPolicy& policy, Direction direction, size_t index);
// Of a policy or a rule that is called so; nullopt: a NetworkPolicy's.
std::optional<Tier> tier_of(std::string_view name);
// What the rule that is called so is named by its author; empty: nothing, or there is no such rule.
std::string own_name_of(const Cluster& cluster, std::string_view rule);

}  // namespace sluice::model
