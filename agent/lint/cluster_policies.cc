// Subjects and peers of ClusterNetworkPolicies that match nobody here, ports by names that nobody has, host bits.
#include <algorithm>

#include "agent/lint/checks.h"
#include "agent/lint/words.h"

namespace sluice::lint {
namespace {

using model::ClusterNetworkPolicy;
using model::Direction;
using model::LabelSelector;
using model::PodsPeer;

class ClusterPolicyCheck {
 public:
  ClusterPolicyCheck(const ClusterNetworkPolicy& policy, Pods& pods, Report& report)
      : policy_(policy),
        pods_(pods),
        report_(report),
        written_(
            report.written(std::string(model::to_text(model::Kind::kClusterNetworkPolicy)), policy.name)) {}

  void check() {
    check_subject();
    for_each_rule(policy_, [&](Direction direction, size_t index, const model::ClusterRule& rule) {
      for (size_t i = 0; i < rule.peers.size(); ++i)
        if (const auto* peer = std::get_if<PodsPeer>(&rule.peers[i]))
          check_peer(*peer, path_of_peer(direction, index, i));
      check_names(direction, index, rule);
    });
    if (written_ == nullptr) return;
    for (const source::HostBits& bits : written_->host_bits)
      report_.add(Rule::kCidrHostBits, policy_, bits.field,
                  {bits.written + " has host bits and means " + bits.read, "write " + bits.read});
  }

 private:
  struct Nobody {
    std::string field, message;
    bool unknown_label = false;  // that no namespace has
  };

  // Where the selector of namespaces stands: `namespaces` is short for one of all their pods.
  std::string namespaces_field(const std::string& path, const PodsPeer& peer) const {
    const bool is_short =
        written_ != nullptr ? written_->lines.contains(path + ".namespaces") : peer.pods.requirements.empty();
    return path + (is_short ? ".namespaces" : ".pods.namespaceSelector");
  }

  const Selected& selected(const PodsPeer& peer) { return pods_.selected("", {peer.pods, peer.namespaces}); }

  // Why nobody is matched who might be; nullopt: somebody is, or whoever will come.
  std::optional<Nobody> nobody(const PodsPeer& peer, const std::string& path) {
    if (!selected(peer).pods.empty() || peer == PodsPeer()) return std::nullopt;
    const std::vector<std::string>& namespaces = pods_.namespaces(peer.namespaces);
    const std::string in = namespaces_field(path, peer);
    if (namespaces.empty()) {
      const LabelCounts& there = pods_.labels_of_namespaces();
      const auto missing = unmet(peer.namespaces, there);
      const std::string nearest = missing.empty() ? "" : nearest_label(missing[0], there);
      if (missing.empty())
        return Nobody{in, "no namespace matches " + selector_text(peer.namespaces) +
                              ", though each of its terms is met by some"};
      return Nobody{in,
                    "no namespace has " + selector_text(LabelSelector{missing}) +
                        (nearest.empty() ? "" : ": " + nearest),
                    true};
    }
    const std::string names =
        (namespaces.size() == 1 ? "namespace " : "namespaces ") + listed(namespaces, namespaces.size());
    if (peer.pods.requirements.empty())
      return Nobody{in, "no pod is in " + names + ", which " + selector_text(peer.namespaces) + " matches"};
    if (namespaces.size() == 1)
      return Nobody{path + ".pods.podSelector", nobody_in(namespaces[0], peer.pods, pods_)};
    return Nobody{path + ".pods.podSelector", "no pod of " + names + " matches " + selector_text(peer.pods)};
  }

  void check_subject() {
    const PodsPeer& subject = policy_.subject;
    if (!subject.pods.requirements.empty() && !selected(subject).on_host.empty())
      return report_.add(
          Rule::kSelectsHostNetwork, policy_, "spec.subject.pods.podSelector",
          {selector_text(subject.pods) + " matches " + names_of(pods_, selected(subject).on_host) +
               " on the host network: a hostNetwork pod is its node, and no policy is for it",
           "leave it out of the selector, or run the pod without hostNetwork"});
    if (auto none = nobody(subject, "spec.subject"))
      report_.add(Rule::kSelectsNoPod, policy_, none->field,
                  {std::move(none->message), "correct the selector, or remove the policy: it is for nobody"});
  }

  void check_peer(const PodsPeer& peer, const std::string& path) {
    auto none = nobody(peer, path);
    if (!none) return;
    if (none->unknown_label)
      return report_.add(
          Rule::kNamespaceLabelUnknown, policy_, none->field,
          {std::move(none->message),
           "label the namespace, or select it by kubernetes.io/metadata.name, which every namespace has"});
    if (!selected(peer).on_host.empty())
      none->message = "it matches " + names_of(pods_, selected(peer).on_host) +
                      " on the host network alone, which selectors of pods never match";
    report_.add(Rule::kPeerSelectsNoPod, policy_, none->field,
                {std::move(none->message), "correct the selector, or remove the peer: it matches nobody"});
  }

  void check_names(Direction direction, size_t index, const model::ClusterRule& rule) {
    std::vector<const Selected*> targets;
    if (direction == Direction::kIngress) targets.push_back(&selected(policy_.subject));
    for (const auto& peer : rule.peers) {
      if (direction == Direction::kIngress) break;
      const auto* pods = std::get_if<PodsPeer>(&peer);
      if (pods == nullptr) return;  // a pod may have any address
      targets.push_back(&selected(*pods));
    }
    if (std::ranges::all_of(targets, [](const auto* one) { return one->pods.empty(); })) return;
    for (size_t i = 0; i < rule.protocols.size(); ++i) {
      const auto* named = std::get_if<model::NamedPort>(&rule.protocols[i]);
      if (named == nullptr || std::ranges::any_of(targets, [&](const auto* one) {
            return std::ranges::any_of(one->listed.ports,
                                       [&](const auto& port) { return port.name == named->name; });
          }))
        continue;
      report_.add(Rule::kNamedPortUnknown, policy_,
                  path_of(direction, index) + ".protocols[" + std::to_string(i) + "].destinationNamedPort",
                  {"no pod that it leads to defines port " + named->name,
                   "correct the name, or write the protocol and the number"});
    }
  }

  const ClusterNetworkPolicy& policy_;
  Pods& pods_;
  Report& report_;
  const source::WrittenObject* written_;
};

}  // namespace

void check_cluster_policies(const Input& input, Pods& pods, Report& report) {
  for (const auto& [name, policy] : input.cluster.cluster_policies)
    ClusterPolicyCheck(policy, pods, report).check();
}

}  // namespace sluice::lint
