// AdminNetworkPolicy and BaselineAdminNetworkPolicy as their API text has them: Admin policies by priority, then
// NetworkPolicies where one isolates, then the Baseline.
#include <gtest/gtest.h>

#include <algorithm>

#include "agent/reference/reference.h"
#include "tests/convert/world.h"
#include "tests/oracle/random_cluster.h"
#include "tests/oracle/random_objects.h"

namespace sluice::convert {
namespace {

using Policy =
    model::ClusterNetworkPolicy;  // as the parts of a policy: the meaning is written down anew here

std::string pods_text(const model::PodsPeer& peer) {
  if (peer.pods.requirements.empty()) return "{namespaces: " + selector_text(peer.namespaces) + "}";
  return "{pods: {namespaceSelector: " + selector_text(peer.namespaces) +
         ", podSelector: " + selector_text(peer.pods) + "}}";
}

std::string peer_text(const model::ClusterPeer& peer) {
  if (const auto* pods = std::get_if<model::PodsPeer>(&peer)) return pods_text(*pods);
  if (const auto* nodes = std::get_if<model::NodesPeer>(&peer))
    return "{nodes: " + selector_text(nodes->nodes) + "}";
  std::string text;
  for (const net::Cidr& cidr : std::get<model::NetworksPeer>(peer).cidrs)
    text += (text.empty() ? "\"" : ", \"") + cidr.to_text() + "\"";
  return "{networks: [" + text + "]}";
}

std::string port_text(const model::ClusterProtocol& entry) {
  if (const auto* named = std::get_if<model::NamedPort>(&entry))
    return "{namedPort: \"" + named->name + "\"}";
  const auto& ports = std::get<model::ProtocolPorts>(entry);
  const std::string protocol = "{protocol: " + ports.protocol.to_text();
  if (ports.ports.first == ports.ports.last)
    return "{portNumber: " + protocol + ", port: " + std::to_string(ports.ports.first.host()) + "}}";
  return "{portRange: " + protocol + ", start: " + std::to_string(ports.ports.first.host()) +
         ", end: " + std::to_string(ports.ports.last.host()) + "}}";
}

template <typename Values, typename Write>
std::string list_text(const Values& values, Write write) {
  std::string text;
  for (const auto& value : values) text += (text.empty() ? "" : ", ") + write(value);
  return "[" + text + "]";
}

std::string rules_text(const std::vector<model::ClusterRule>& rules, const char* peers_key) {
  static constexpr const char* kActions[] = {"Allow", "Deny", "Pass"};
  return list_text(rules, [&](const model::ClusterRule& rule) {
    return std::string("{action: ") + kActions[static_cast<size_t>(rule.action)] + ", " + peers_key + ": " +
           list_text(rule.peers, peer_text) +
           (rule.protocols.empty() ? "}" : ", ports: " + list_text(rule.protocols, port_text) + "}");
  });
}

std::string policy_text(const Policy& policy) {
  const bool admin = policy.tier == model::Tier::kAdmin;
  return std::string("---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: ") +
         (admin ? "AdminNetworkPolicy" : "BaselineAdminNetworkPolicy") +
         "\nmetadata: {name: " + policy.name.name + "}\nspec:\n" +
         (admin ? "  priority: " + std::to_string(policy.priority) + "\n" : "") +
         "  subject: " + pods_text(policy.subject) + "\n  ingress: " + rules_text(policy.ingress, "from") +
         "\n  egress: " + rules_text(policy.egress, "to") + "\n";
}

bool pods_match(const SideOf& side, const model::PodsPeer& peer, const model::Pod* pod) {
  return pod && pod->takes_part() && selects(peer.namespaces, labels_of(side.cluster, pod->name.ns)) &&
         selects(peer.pods, pod->labels);
}

bool peer_match(const SideOf& side, const model::ClusterPeer& peer) {
  if (const auto* pods = std::get_if<model::PodsPeer>(&peer)) return pods_match(side, *pods, side.peer.pod);
  if (const auto* nodes = std::get_if<model::NodesPeer>(&peer))
    return std::ranges::any_of(side.cluster.nodes, [&](const auto& entry) {
      return std::ranges::count(entry.second.addresses, side.peer.ip) > 0 &&
             selects(nodes->nodes, entry.second.labels);
    });
  return std::ranges::any_of(std::get<model::NetworksPeer>(peer).cidrs,
                             [&](const net::Cidr& cidr) { return cidr.contains(side.peer.ip); });
}

bool port_match(const SideOf& side, const model::ClusterProtocol& entry) {
  if (!side.port) return false;
  if (const auto* ports = std::get_if<model::ProtocolPorts>(&entry))
    return ports->protocol == side.protocol && ports->ports.contains(*side.port);
  return side.destination &&
         std::ranges::any_of(side.destination->ports, [&](const model::ContainerPort& port) {
           return port.name == std::get<model::NamedPort>(entry).name && port.protocol == side.protocol &&
                  port.port == *side.port;
         });
}

// The first rule that matches, of these in order.
std::optional<model::Action> first_match(const SideOf& side, std::vector<const Policy*> policies) {
  std::ranges::sort(policies, {},
                    [](const Policy* policy) { return std::pair(policy->priority, policy->name); });
  for (const Policy* policy : policies)
    if (pods_match(side, policy->subject, &side.self))
      for (const model::ClusterRule& rule : policy->rules(side.direction))
        if (std::ranges::any_of(rule.peers, [&](const auto& peer) { return peer_match(side, peer); }) &&
            (rule.protocols.empty() ||
             std::ranges::any_of(rule.protocols, [&](const auto& entry) { return port_match(side, entry); })))
          return rule.action;
  return std::nullopt;
}

bool allows(const SideOf& side, const model::Cluster& before, const std::vector<Policy>& policies) {
  std::vector<const Policy*> admin, baseline;
  for (const Policy& policy : policies)
    (policy.tier == model::Tier::kAdmin ? admin : baseline).push_back(&policy);
  const auto first = first_match(side, admin);
  if (first == model::Action::kAccept || first == model::Action::kDeny)
    return *first == model::Action::kAccept;
  // What NetworkPolicies say is the reference's to know.
  model::Probe probe{side.self.name, side.peer.ip, side.peer.ip.family(), side.protocol, side.port};
  if (side.protocol == net::kIcmpv6) probe.protocol = net::kIcmp;
  if (side.direction == model::Direction::kIngress) std::swap(probe.from, probe.to);
  const auto answer = reference::evaluate(before, probe).value();
  const model::Side said = side.direction == model::Direction::kIngress ? answer.ingress : answer.egress;
  if (said != model::Side::kNone) return said == model::Side::kAllow;
  return first_match(side, baseline) != model::Action::kDeny;
}

TEST(V1alpha1, RandomPoliciesMeanTheSame) {
  Tally tally;
  for (uint64_t seed = 1; seed <= 150; seed += kStep) {
    const model::Cluster before = oracle::random_cluster(seed, 10);
    model::Cluster labelled = oracle::with_tiers(before, seed);
    std::vector<Policy> policies;
    for (const auto& [name, policy] : labelled.cluster_policies) {
      policies.push_back(policy);
      if (policy.tier == model::Tier::kAdmin) continue;
      policies.back().priority = 0;
      for (auto* rules : {&policies.back().ingress, &policies.back().egress})
        std::erase_if(*rules, [](const auto& rule) { return rule.action == model::Action::kPass; });
    }
    labelled.cluster_policies.clear();
    std::string text;
    for (const Policy& policy : policies) text += policy_text(policy);
    compare(
        labelled, text, Dialect::kV1alpha1,
        [&](const SideOf& side) { return allows(side, labelled, policies); }, seed, tally);
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(tally.whole, tally.clusters);
  EXPECT_GT(tally.denied, 1000u / kStep);
  EXPECT_GT(tally.allowed, 1000u / kStep);
}

}  // namespace
}  // namespace sluice::convert
