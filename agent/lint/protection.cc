// Pods and namespaces that policies leave open.
#include <algorithm>
#include <set>

#include "agent/lint/checks.h"
#include "agent/lint/words.h"

namespace sluice::lint {

namespace {

bool is_a_deny(const model::ClusterRule& rule) {
  return rule.action == model::Action::kDeny;
}

// To every pod of the namespaces, from every pod: a Baseline that denies by default.
bool closes_ingress(const model::ClusterNetworkPolicy& policy) {
  const auto is_everybody = [](const model::ClusterPeer& peer) {
    return peer == model::ClusterPeer(model::PodsPeer());
  };
  return policy.subject.pods.requirements.empty() &&
         std::ranges::any_of(policy.ingress, [&](const model::ClusterRule& rule) {
           return is_a_deny(rule) && rule.protocols.empty() && std::ranges::any_of(rule.peers, is_everybody);
         });
}

}  // namespace

void check_protection(const Input& input, Pods& pods, Report& report) {
  std::set<const Selected*> selections;
  std::set<std::string> closed_namespaces;
  for (const auto& [name, policy] : input.cluster.cluster_policies) {
    if (std::ranges::any_of(policy.ingress, is_a_deny) || std::ranges::any_of(policy.egress, is_a_deny))
      selections.insert(&pods.selected("", {policy.subject.pods, policy.subject.namespaces}));
    if (closes_ingress(policy))
      for (const std::string& ns : pods.namespaces(policy.subject.namespaces)) closed_namespaces.insert(ns);
  }
  for (const auto& [name, policy] : input.cluster.policies) {
    selections.insert(&pods.selected(name.ns, policy.pod_selector));
    if (policy.isolates_ingress && policy.pod_selector.requirements.empty())
      closed_namespaces.insert(name.ns);
  }
  std::vector<bool> is_selected(pods.size());
  for (const Selected* selected : selections)
    for (const uint32_t pod : selected->pods) is_selected[pod] = true;
  for (uint32_t pod = 0; pod < pods.size(); ++pod)
    if (!is_selected[pod] && !pods.at(pod).host_network)
      report.add(Rule::kUnprotectedPod, pods.at(pod),
                 {"no policy selects it: everybody may reach it, and it may reach everybody",
                  "write a policy that selects it, or one for its namespace with podSelector: {}"});
  for (const auto& [ns, labels] : pods.namespaces()) {
    const std::vector<uint32_t>& here = pods.of_namespace(ns);
    if (here.empty() || closed_namespaces.contains(ns)) continue;
    report.add_namespace(Rule::kNamespaceWithoutDefaultDeny, ns, pods.at(here[0]),
                         {counted(here.size(), "pod") + (here.size() == 1 ? " is" : " are") +
                              " there, and a new one that no policy selects is open to everybody",
                          "add a NetworkPolicy with podSelector: {} and policyTypes: [Ingress]"});
  }
}

}  // namespace sluice::lint
