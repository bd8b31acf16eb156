// Selectors that match nobody here, and what comes nearest.
#include "agent/lint/checks.h"
#include "agent/lint/words.h"

namespace sluice::lint {
namespace {

using model::Direction;
using model::LabelSelector;
using model::NetworkPolicy;
using model::Requirement;
using model::SelectorPeer;

std::string texts_of(std::vector<Requirement> requirements) {
  return selector_text(LabelSelector{std::move(requirements)});
}

class SelectorCheck {
 public:
  SelectorCheck(const NetworkPolicy& policy, Pods& pods, Report& report)
      : policy_(policy), pods_(pods), report_(report) {}

  void check() {
    if (!policy_.pod_selector.requirements.empty()) check_own();
    for_each_rule(policy_, [&](Direction direction, size_t index, const model::Rule& rule) {
      for (size_t i = 0; i < rule.peers.size(); ++i)
        if (const auto* peer = std::get_if<SelectorPeer>(&rule.peers[i]))
          check_peer(*peer, path_of_peer(direction, index, i));
    });
  }

 private:
  void check_own() {
    const Selected& selected = pods_.selected(policy_.name.ns, policy_.pod_selector);
    if (!selected.on_host.empty())
      return report_.add(
          Rule::kSelectsHostNetwork, policy_, "spec.podSelector",
          {selector_text(policy_.pod_selector) + " matches " + names_of(pods_, selected.on_host) +
               " on the host network: a hostNetwork pod is its node, and no policy isolates it",
           "leave it out of the selector, or run the pod without hostNetwork; what may reach a node is for "
           "the "
           "node's own firewall"});
    if (selected.pods.empty())
      report_.add(Rule::kSelectsNoPod, policy_, "spec.podSelector",
                  {nobody_in(policy_.name.ns, policy_.pod_selector, pods_),
                   "correct the selector, or remove the policy: it isolates nobody"});
  }

  void check_peer(const SelectorPeer& peer, const std::string& path) {
    const Selected& selected = pods_.selected(policy_.name.ns, peer);
    if (!selected.pods.empty()) return;
    const bool anybody = !peer.pod_selector || peer.pod_selector->requirements.empty();
    if (peer.namespace_selector && pods_.namespaces(*peer.namespace_selector).empty())
      return no_namespace(*peer.namespace_selector, path + ".namespaceSelector");
    if (!selected.on_host.empty())
      return nobody(path + (peer.pod_selector ? ".podSelector" : ".namespaceSelector"),
                    "it matches " + names_of(pods_, selected.on_host) +
                        " on the host network alone, which selectors never match",
                    "write an ipBlock of the nodes' addresses");
    if (!anybody && !peer.namespace_selector)
      return nobody(path + ".podSelector", nobody_in(policy_.name.ns, *peer.pod_selector, pods_));
    if (!anybody) return no_pod_in(peer, path);
    if (peer.namespace_selector && !peer.namespace_selector->requirements.empty())
      nobody(path + ".namespaceSelector", "no pod is in " + namespaces_of(*peer.namespace_selector) +
                                              ", which " + selector_text(*peer.namespace_selector) +
                                              " matches");
  }

  void no_namespace(const LabelSelector& selector, const std::string& field) {
    const LabelCounts& there = pods_.labels_of_namespaces();
    const std::vector<Requirement> missing = unmet(selector, there);
    if (missing.empty())
      return nobody(field, "no namespace matches " + selector_text(selector) +
                               ", though each of its terms is met by some");
    const std::string nearest = nearest_label(missing[0], there);
    report_.add(
        Rule::kNamespaceLabelUnknown, policy_, field,
        {"no namespace has " + texts_of(missing) + (nearest.empty() ? "" : ": " + nearest),
         "label the namespace, or select it by kubernetes.io/metadata.name, which every namespace has"});
  }

  void no_pod_in(const SelectorPeer& peer, const std::string& path) {
    const std::vector<std::string>& namespaces = pods_.namespaces(*peer.namespace_selector);
    if (namespaces.size() == 1)
      return nobody(path + ".podSelector", nobody_in(namespaces[0], *peer.pod_selector, pods_));
    nobody(path + ".podSelector", "no pod of " + namespaces_of(*peer.namespace_selector) + " matches " +
                                      selector_text(*peer.pod_selector));
  }

  std::string namespaces_of(const LabelSelector& selector) {
    const std::vector<std::string>& names = pods_.namespaces(selector);
    return (names.size() == 1 ? "namespace " : "namespaces ") + listed(names, names.size());
  }

  void nobody(const std::string& field, const std::string& message,
              const std::string& mend = "correct the selector, or remove the peer: it allows nobody") {
    report_.add(Rule::kPeerSelectsNoPod, policy_, field, {message, mend});
  }

  const NetworkPolicy& policy_;
  Pods& pods_;
  Report& report_;
};

}  // namespace

void check_selectors(const Input& input, Pods& pods, Report& report) {
  for (const auto& [name, policy] : input.cluster.policies) SelectorCheck(policy, pods, report).check();
}

}  // namespace sluice::lint
