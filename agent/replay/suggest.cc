#include "agent/replay/suggest.h"

#include <algorithm>
#include <map>
#include <set>

#include "agent/explain/fix.h"
#include "agent/model/tiers.h"
#include "agent/model/workloads.h"
#include "agent/source/encode/object.h"
#include "agent/source/encode/text.h"

namespace sluice::replay {

using model::Direction;

namespace {

constexpr uint16_t kDnsPort = 53;
constexpr char kNodeLocalDns[] =
    "169.254.20.10";  // Kubernetes, "Using NodeLocal DNSCache in Kubernetes Clusters"

// Ports of a peer; no entry at all: everything, where a protocol without ports was seen.
struct Seen {
  std::set<model::PolicyPort> ports;
  bool everything = false;
  auto operator<=>(const Seen&) const = default;
};

// A class of pods with equal labels.
struct Subject {
  model::ObjectName named_after;  // the first of its pods or workloads that was seen
  std::map<model::Peer, Seen> peers[2];
};

class Suggester {
 public:
  Suggester(const model::Cluster& cluster, const AskAnswer& answer)
      : cluster_(cluster), addresses_(cluster), answer_(answer) {}

  void add(const model::Probe& probe, Suggested& suggested) {
    const auto resolved = model::resolve(cluster_, addresses_, probe);
    const auto answer = answer_(probe);
    if (!resolved || !answer) {
      suggested.left_out.push_back(model::to_text(probe) + ": " +
                                   (!resolved ? resolved.error() : answer.error()).message());
      return;
    }
    if (const std::string why = beyond_policies(*resolved, *answer); !why.empty()) {
      suggested.left_out.push_back(model::to_text(probe) + ": " + why);
      return;
    }
    ++suggested.used;
    const net::Port port = probe.port.value_or(net::Port());
    const compile::why::FarEnd source{resolved->from.ip, resolved->from.pod, port, true};
    if (!answer->egress.behind) {
      pair(source, {resolved->to.ip, resolved->to.pod, port, true}, probe, suggested);
      return;
    }
    for (const auto& [ip, target] : *answer->egress.behind)
      pair(source, {ip, addresses_.owner(ip), target, true}, probe, suggested);
    if (answer->egress.behind->empty())  // a Service that has no endpoint now: its address as it stands
      side(source, {resolved->to.ip, nullptr, port, true}, Direction::kEgress, probe, suggested);
  }

  std::vector<model::NetworkPolicy> policies() const {
    std::map<model::ObjectName, model::NetworkPolicy> made;
    for (const auto& [key, subject] : subjects_) {
      model::NetworkPolicy policy;
      policy.pod_selector = key.second;
      policy.isolates_ingress = policy.isolates_egress = false;
      for (const Direction direction : model::kDirections) add_rules(subject, direction, policy);
      policy.name = {key.first, name_for(subject, made)};
      made.emplace(policy.name, std::move(policy));
    }
    std::vector<model::NetworkPolicy> all;
    for (auto& [name, policy] : made) all.push_back(std::move(policy));
    return all;
  }

 private:
  using SubjectKey = std::pair<std::string, model::LabelSelector>;  // namespace, its pods

  // Why no policy could allow it on this side of the pod; empty: one could.
  std::string beyond_policies(const model::Pod* pod, const explain::SideAnswer& side) const {
    const std::string rule = explain::denying_rule(side);
    if (rule.empty() || pod == nullptr) return "";
    if (model::tier_of(rule) == model::Tier::kAdmin)
      return rule + " denies it, whatever NetworkPolicies allow";
    const auto ns = cluster_.namespaces.find({"", pod->name.ns});
    if (ns == cluster_.namespaces.end() || !ns->second.audit) return "";
    return rule + " denies it, and policies of namespace " + pod->name.ns + " are in audit";
  }

  std::string beyond_policies(const model::ResolvedProbe& probe, const explain::Answer& answer) const {
    if (std::string why = beyond_policies(probe.from.pod, answer.egress); !why.empty()) return why;
    if (answer.endpoints.empty()) return beyond_policies(probe.to.pod, answer.ingress);
    for (const explain::EndpointAnswer& endpoint : answer.endpoints)
      if (std::string why = beyond_policies(addresses_.owner(endpoint.ip), endpoint.ingress); !why.empty())
        return why;
    return "";
  }

  void pair(const compile::why::FarEnd& from, const compile::why::FarEnd& to, const model::Probe& probe,
            Suggested& suggested) {
    if (from.pod != nullptr && from.pod == to.pod) return;  // always allowed (semantics 18)
    side(from, to, Direction::kEgress, probe, suggested);
    side(to, {from.ip, from.pod, to.port, true}, Direction::kIngress, probe, suggested);
  }

  // What the pod's own side must allow.
  void side(const compile::why::FarEnd& own, const compile::why::FarEnd& far, Direction direction,
            const model::Probe& probe, Suggested& suggested) {
    if (own.pod == nullptr) return;
    const std::string& ns = own.pod->name.ns;
    const auto peer = explain::peer_for(cluster_, ns, far);
    if (!peer) {
      suggested.left_out.push_back(model::to_text(probe) + ": " + far.ip.to_text() +
                                   " stands for an address that nobody knows yet");
      return;
    }
    Subject& subject = subjects_[{ns, explain::selector_of(cluster_, *own.pod)}];
    if (subject.named_after.name.empty()) {
      const std::string workload = model::workload_of(*own.pod);
      const std::string& name = workload.empty() ? own.pod->name.name : workload;  // "deployment/web"
      subject.named_after = {ns, name.substr(name.find('/') + 1)};
    }
    Seen& seen = subject.peers[static_cast<size_t>(direction)][*peer];
    if (probe.protocol.has_ports())
      seen.ports.insert({probe.protocol, net::PortRange::one(far.port)});
    else
      seen.everything = true;
  }

  // A rule for each set of ports, with all peers that were seen with it.
  void add_rules(const Subject& subject, Direction direction, model::NetworkPolicy& policy) const {
    const auto& peers = subject.peers[static_cast<size_t>(direction)];
    if (peers.empty()) return;
    (direction == Direction::kIngress ? policy.isolates_ingress : policy.isolates_egress) = true;
    auto& rules = direction == Direction::kIngress ? policy.ingress : policy.egress;
    std::map<Seen, std::vector<model::Peer>> by_ports;
    for (const auto& [peer, seen] : peers) by_ports[seen].push_back(peer);
    for (const auto& [seen, all] : by_ports) {
      model::Rule rule{all, {}};
      if (!seen.everything) rule.ports.assign(seen.ports.begin(), seen.ports.end());
      rules.push_back(std::move(rule));
    }
    if (direction == Direction::kEgress) rules.push_back(dns());
  }

  // The cluster's DNS, as kubeadm and its successors label it; node-local DNS where it is there.
  model::Rule dns() const {
    const auto one = [](const char* key, const char* value) {
      return model::LabelSelector{{{key, model::Operator::kIn, {value}}}};
    };
    model::Rule rule;
    rule.peers.push_back(
        model::SelectorPeer{one("k8s-app", "kube-dns"), one(model::kNamespaceNameLabel, "kube-system")});
    const bool node_local = std::ranges::any_of(cluster_.pods, [](const auto& entry) {
      return entry.first.name.find("node-local-dns") != entry.first.name.npos;
    });
    if (node_local) rule.peers.push_back(model::IpBlock{net::Cidr::host(*net::Ip::parse(kNodeLocalDns)), {}});
    for (const net::Protocol protocol : {net::kUdp, net::kTcp})
      rule.ports.push_back({protocol, net::PortRange::one(net::Port::from_host(kDnsPort))});
    return rule;
  }

  std::string name_for(const Subject& subject,
                       const std::map<model::ObjectName, model::NetworkPolicy>& made) const {
    const std::string base = "observed-" + subject.named_after.name;
    std::string name = base;
    const auto taken = [&](const model::ObjectName& one) {
      return made.contains(one) || cluster_.policies.contains(one);
    };
    for (int i = 2; taken({subject.named_after.ns, name}); ++i) name = base + "-" + std::to_string(i);
    return name;
  }

  const model::Cluster& cluster_;
  const model::PodAddresses addresses_;
  const AskAnswer& answer_;
  std::map<SubjectKey, Subject> subjects_;
};

}  // namespace

Suggested suggest(const model::Cluster& cluster, const std::vector<Flow>& flows, const AskAnswer& answer) {
  const Names names(cluster);
  Suggester suggester(cluster, answer);
  Suggested suggested;
  std::set<std::string> seen;
  for (const Flow& flow : flows) {
    if (flow.verdict == "denied") {
      ++suggested.denied;
      continue;
    }
    const auto probe = names.probe_of(flow);
    if (!probe) {
      suggested.left_out.push_back(
          "an end is neither a pod nor a workload of the manifests, and no address was recorded");
      continue;
    }
    if (seen.insert(model::to_text(*probe)).second)
      suggester.add(*probe, suggested);
    else
      ++suggested.used;
  }
  suggested.policies = suggester.policies();
  std::sort(suggested.left_out.begin(), suggested.left_out.end());
  suggested.left_out.erase(std::unique(suggested.left_out.begin(), suggested.left_out.end()),
                           suggested.left_out.end());
  return suggested;
}

std::string to_yaml(const std::vector<model::NetworkPolicy>& policies) {
  std::string text;
  for (const model::NetworkPolicy& policy : policies)
    text += "---\n" + source::encode::to_yaml_document(source::encode::to_json_object(policy));
  return text;
}

}  // namespace sluice::replay
