// The rules, a file a family. Each looks at the whole input and reports. Private to agent/lint.
#pragma once

#include "agent/lint/pods.h"
#include "agent/lint/report.h"

namespace sluice::lint {

// selects-no-pod, selects-host-network, peer-selects-no-pod, namespace-label-unknown
void check_selectors(const Input& input, Pods& pods, Report& report);
// named-port-unknown, port-not-exposed
void check_ports(const Input& input, Pods& pods, Report& report);
// cidr-covers-cluster, cidr-host-bits
void check_cidrs(const Input& input, Report& report);
// egress-without-dns, node-local-dns
void check_dns(const Input& input, Pods& pods, Report& report);
// shuts-out-dns
void check_tier_dns(const Input& input, Pods& pods, Report& report);
// Of ClusterNetworkPolicies: selects-no-pod, selects-host-network, peer-selects-no-pod, namespace-label-unknown,
// named-port-unknown, cidr-host-bits
void check_cluster_policies(const Input& input, Pods& pods, Report& report);
// address-of-several-names, names-a-service
void check_domains(const Input& input, Report& report);
// never-matches, equal-priorities-overlap
void check_tiers(const Input& input, Pods& pods, Report& report);
// rules-without-effect, peer-and-or, allows-everything
void check_meaning(const Input& input, Report& report);
// shadowed-rule, duplicate-policy
void check_repetition(const Input& input, Pods& pods, Report& report);
// unprotected-pod, namespace-without-default-deny
void check_protection(const Input& input, Pods& pods, Report& report);
// unknown-policy-kind, template-not-rendered
void check_documents(const Input& input, Report& report);

}  // namespace sluice::lint
