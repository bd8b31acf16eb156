// Rules that say another thing than they look like.
#include <algorithm>

#include "agent/lint/checks.h"
#include "agent/lint/words.h"

namespace sluice::lint {
namespace {

using model::Direction;
using model::NetworkPolicy;
using model::SelectorPeer;

bool is_empty(const std::optional<model::LabelSelector>& selector) {
  return selector && selector->requirements.empty();
}
bool is_lone_namespace(const SelectorPeer& peer) {
  return peer.namespace_selector && !peer.pod_selector;
}
// {} alone means the own namespace; beside a namespaceSelector it would add nothing, so nobody leaves that out.
bool is_lone_pod(const SelectorPeer& peer) {
  return peer.pod_selector && !peer.namespace_selector && !is_empty(peer.pod_selector);
}
bool is_both(const SelectorPeer& peer) {
  return peer.pod_selector && peer.namespace_selector;
}

std::string why_alike(const SelectorPeer& one, const SelectorPeer& other, bool adjacent) {
  if (adjacent && is_lone_namespace(one) && is_lone_pod(other))
    return "every pod of namespaces with " + selector_text(*one.namespace_selector) +
           ", or pods of this namespace with " + selector_text(*other.pod_selector) +
           ": two peers, of which either may come";
  if (!is_both(one)) return {};
  const bool same_namespaces = is_lone_namespace(other) && one.namespace_selector == other.namespace_selector;
  const bool same_pods = is_lone_pod(other) && one.pod_selector == other.pod_selector;
  if (same_namespaces)
    return "namespaceSelector " + selector_text(*other.namespace_selector) +
           " stands with a podSelector in one peer and alone in another, which allows every pod there";
  if (same_pods)
    return "podSelector " + selector_text(*other.pod_selector) +
           " stands with a namespaceSelector in one peer and alone in another, which is for this namespace";
  return {};
}

// Why two peers of the list are likely meant as one; empty: none are.
std::string trap_in(const std::vector<model::Peer>& peers) {
  for (size_t i = 0; i < peers.size(); ++i)
    for (size_t j = 0; j < peers.size(); ++j) {
      const auto* one = std::get_if<SelectorPeer>(&peers[i]);
      const auto* other = std::get_if<SelectorPeer>(&peers[j]);
      if (i == j || one == nullptr || other == nullptr) continue;
      if (std::string why = why_alike(*one, *other, i + 1 == j || j + 1 == i); !why.empty()) return why;
    }
  return {};
}

void check_rule(const NetworkPolicy& policy, Direction direction, size_t index, Report& report) {
  const model::Rule& rule = policy.rules(direction)[index];
  const std::string peers = path_of_peers(direction, index);
  if (const std::string why = trap_in(rule.peers); !why.empty())
    report.add(
        Rule::kPeerAndOr, policy, peers,
        {why, "for both to hold write them as one peer: only one dash; if either is meant, write two rules"});
  if (!rule.peers.empty() || !policy.isolates(direction)) return;
  const source::WrittenObject* written = report.written("NetworkPolicy", policy.name);
  const bool empty_list = written != nullptr && written->lines.contains(peers);
  if (!rule.ports.empty() && !empty_list) return;
  const std::string everybody = direction == Direction::kIngress ? "from everybody" : "to everybody";
  report.add(Rule::kAllowsEverything, policy, path_of(direction, index),
             {(rule.ports.empty() ? "the rule has no peers and allows everything "
                                  : "an empty list of peers allows these ports ") +
                  everybody + ", in and out of the cluster",
              "if nobody is meant, remove the rule: " + path_of(direction) + ": [] allows nothing"});
}

}  // namespace

void check_meaning(const Input& input, Report& report) {
  for (const auto& [name, policy] : input.cluster.policies) {
    for (const Direction direction : model::kDirections)
      if (!policy.isolates(direction) && !policy.rules(direction).empty())
        report.add(Rule::kRulesWithoutEffect, policy, path_of(direction),
                   {"policyTypes leaves out " +
                        std::string(direction == Direction::kIngress ? "Ingress" : "Egress") + ": " +
                        counted(policy.rules(direction).size(), "rule") + " without effect",
                    "add " + std::string(direction == Direction::kIngress ? "Ingress" : "Egress") +
                        " to spec.policyTypes, or remove the rules"});
    for_each_rule(policy, [&, &checked = policy](Direction direction, size_t index, const model::Rule&) {
      check_rule(checked, direction, index, report);
    });
  }
}

}  // namespace sluice::lint
