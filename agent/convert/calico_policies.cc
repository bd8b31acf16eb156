// What of Calico's policies is said by NetworkPolicies: one in each namespace.
#include "agent/convert/calico.h"
#include "agent/convert/write.h"

namespace sluice::convert {
namespace {

model::Rule network_rule(const CalicoRule& rule, const std::string& ns) {
  model::Rule made;
  if (!rule.all_ports) made.ports = rule.ports;
  for (const model::PodsPeer& pods : rule.peers.pods) made.peers.emplace_back(selector_peer(pods, ns));
  for (const net::Cidr& cidr : rule.peers.cidrs) made.peers.emplace_back(model::IpBlock{cidr, {}});
  if (rule.peers.everyone) made.peers.clear();
  return made;
}

}  // namespace

void write_network_policies(const CalicoPolicy& policy, const CalicoMade& parts, const Cluster& cluster,
                            Output& output) {
  if (!parts.isolates[0] && !parts.isolates[1]) return;
  for (const model::PodsPeer& subject : policy.subjects) {
    const auto namespaces = namespaces_of(cluster, subject.namespaces);
    if (!namespaces) {
      output.lose({policy.called, "spec",
                   "it isolates pods of every namespace, and a NetworkPolicy belongs to one",
                   "put the cluster's Namespaces into the input", true});
      return;
    }
    if (policy.ns.empty())
      output.remark(policy.called + ": is a NetworkPolicy in each of the " +
                    std::to_string(namespaces->size()) +
                    " namespaces that there are: namespaces that come later need one too");
    for (const std::string& ns : *namespaces) {
      model::NetworkPolicy made;
      made.name = {ns, policy.name};
      made.pod_selector = subject.pods;
      made.isolates_ingress = parts.isolates[0];
      made.isolates_egress = parts.isolates[1];
      for (const CalicoRule& rule : parts.rules[0]) made.ingress.push_back(network_rule(rule, ns));
      for (const CalicoRule& rule : parts.rules[1]) made.egress.push_back(network_rule(rule, ns));
      output.add(std::move(made));
    }
  }
}

}  // namespace sluice::convert
