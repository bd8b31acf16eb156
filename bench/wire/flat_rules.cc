#include "bench/wire/flat_rules.h"

#include <algorithm>
#include <map>

namespace sluice::bench::wire {
namespace {

using base::Error;
using base::Result;
using model::NetworkPolicy;
using model::Pod;

// The pods of a cluster by one label, so that ten thousand selectors need not look at ten thousand pods each.
class PodIndex {
 public:
  explicit PodIndex(const model::Cluster& cluster) : cluster_(cluster) {
    for (const auto& [name, pod] : cluster.pods) {
      if (!pod.takes_part()) continue;
      all_.push_back(&pod);
      for (const auto& label : pod.labels) by_label_[label].push_back(&pod);
    }
  }

  std::vector<const Pod*> matching(const std::string& policy_ns, const model::SelectorPeer& peer) const {
    std::vector<const Pod*> found;
    for (const Pod* pod : candidates(peer))
      if (selects(policy_ns, peer, *pod)) found.push_back(pod);
    return found;
  }

 private:
  const std::vector<const Pod*>& candidates(const model::SelectorPeer& peer) const {
    static const std::vector<const Pod*> nowhere;
    if (peer.pod_selector)
      for (const auto& requirement : peer.pod_selector->requirements)
        if (requirement.op == model::Operator::kIn && requirement.values.size() == 1) {
          const auto found = by_label_.find({requirement.key, requirement.values.front()});
          return found == by_label_.end() ? nowhere : found->second;
        }
    return all_;
  }
  bool selects(const std::string& policy_ns, const model::SelectorPeer& peer, const Pod& pod) const {
    const bool ns = peer.namespace_selector
                        ? model::matches(*peer.namespace_selector, cluster_.namespace_labels(pod.name.ns))
                        : pod.name.ns == policy_ns;
    return ns && (!peer.pod_selector || model::matches(*peer.pod_selector, pod.labels));
  }

  const model::Cluster& cluster_;
  std::vector<const Pod*> all_;
  std::map<std::pair<std::string, std::string>, std::vector<const Pod*>> by_label_;
};

Error no_words(const NetworkPolicy& policy, const std::string& what) {
  return Error("NetworkPolicy " + policy.name.to_text() + ": " + what + " cannot be written as a flat rule");
}

Result<std::vector<net::Cidr>> prefixes_of(const PodIndex& pods, const NetworkPolicy& policy,
                                           const model::Rule& rule) {
  std::vector<net::Cidr> prefixes;
  for (const model::Peer& peer : rule.peers) {
    if (const auto* block = std::get_if<model::IpBlock>(&peer)) {
      if (!block->except.empty()) return no_words(policy, "except");
      prefixes.push_back(block->cidr);
      continue;
    }
    for (const Pod* pod : pods.matching(policy.name.ns, std::get<model::SelectorPeer>(peer)))
      for (const net::Ip& ip : pod->ips) prefixes.push_back(net::Cidr::host(ip));
  }
  if (rule.peers.empty()) return no_words(policy, "a rule without peers");
  if (!std::ranges::all_of(prefixes, [](const net::Cidr& c) { return c.family() == net::Family::kIpv4; }))
    return no_words(policy, "an IPv6 peer");
  return prefixes;
}

Result<net::PortRange> range_of(const NetworkPolicy& policy, const model::PolicyPort& port) {
  if (std::holds_alternative<std::monostate>(port.port)) return net::PortRange::all();
  if (const auto* range = std::get_if<net::PortRange>(&port.port)) return *range;
  return no_words(policy, "a named port");
}

base::Status add_rule(const PodIndex& pods, const NetworkPolicy& policy, const model::Rule& rule,
                      std::vector<FlatRule>& flat) {
  if (rule.ports.empty()) return no_words(policy, "a rule without ports");
  auto prefixes = prefixes_of(pods, policy, rule);
  if (!prefixes) return prefixes.error();
  for (const net::Cidr& prefix : *prefixes)
    for (const model::PolicyPort& port : rule.ports) {
      auto range = range_of(policy, port);
      if (!range) return range.error();
      flat.push_back({prefix, port.protocol, *range});
    }
  return base::done();
}

}  // namespace

Result<std::vector<FlatPod>> flatten(const model::Cluster& cluster, const std::vector<Pod>& pods) {
  const PodIndex index(cluster);
  std::vector<FlatPod> flat(pods.size());
  for (const auto& [name, policy] : cluster.policies)
    for (size_t i = 0; i < pods.size(); ++i) {
      if (pods[i].name.ns != name.ns || !model::matches(policy.pod_selector, pods[i].labels)) continue;
      for (const model::Direction direction : model::kDirections) {
        if (!policy.isolates(direction)) continue;
        flat[i].side(direction).isolated = true;
        for (const model::Rule& rule : policy.rules(direction))
          if (auto added = add_rule(index, policy, rule, flat[i].side(direction).allowed); !added)
            return added.error();
      }
    }
  return flat;
}

}  // namespace sluice::bench::wire
