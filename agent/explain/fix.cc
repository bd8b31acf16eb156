#include "agent/explain/fix.h"

#include <algorithm>
#include <set>

#include "agent/model/isolation.h"
#include "agent/model/tiers.h"
#include "agent/model/workloads.h"

namespace sluice::explain {

using model::Direction;
using model::LabelSelector;
using model::Pod;

namespace {

constexpr size_t kLongestName = 253;  // of an object (Kubernetes, "Object Names and IDs": DNS subdomain)

model::Labels labels_of_people(const model::Labels& labels) {
  model::Labels kept;
  for (const auto& [key, value] : labels)
    if (!model::is_controllers_label(key)) kept.emplace(key, value);
  return kept;
}

// The keys that the other has and these have not.
std::vector<std::string> keys_beyond(const model::Labels& labels, const model::Labels& other) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : other)
    if (!labels.contains(key)) keys.push_back(key);
  return keys;
}

// Pods of the namespace with exactly these labels, controllers' left out.
LabelSelector exactly(const model::Cluster& cluster, const std::string& ns, const model::Labels& labels) {
  LabelSelector selector;
  for (const auto& [key, value] : labels)
    selector.requirements.push_back({key, model::Operator::kIn, {value}});
  std::vector<std::vector<std::string>> others;
  for (auto at = cluster.pods.lower_bound({ns, ""}); at != cluster.pods.end() && at->first.ns == ns; ++at) {
    const model::Labels found = labels_of_people(at->second.labels);
    if (found != labels && model::matches(selector, found)) others.push_back(keys_beyond(labels, found));
  }
  // The key that most of the others have, until none is left.
  while (!others.empty()) {
    std::map<std::string, size_t> counts;
    for (const auto& keys : others)
      for (const std::string& key : keys) ++counts[key];
    const std::string key =
        std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; })->first;
    selector.requirements.push_back({key, model::Operator::kDoesNotExist, {}});
    std::erase_if(others, [&](const auto& keys) { return std::ranges::find(keys, key) != keys.end(); });
  }
  auto& all = selector.requirements.edit();
  std::sort(all.begin(), all.end());
  return selector;
}

bool is_isolated(const model::Cluster& cluster, const Pod& pod, Direction direction) {
  return !model::isolating_policies(cluster, pod.name.ns, pod.labels, direction).empty();
}

// Does the Baseline say anything of it?
bool is_in_baseline(const model::Cluster& cluster, const Pod& pod, Direction direction) {
  return std::ranges::any_of(cluster.cluster_policies, [&](const auto& entry) {
    return entry.second.tier == model::Tier::kBaseline && !entry.second.rules(direction).empty() &&
           model::is_subject(cluster, pod.name.ns, pod.labels, entry.second);
  });
}

// `of`: the pod that the policy is for. Where it is the Baseline's, others of the Baseline may leave it too.
bool isolates_an_open_pod(const model::Cluster& cluster, const Pod& of, const LabelSelector& selector,
                          Direction direction) {
  const std::string& ns = of.name.ns;
  const bool from_baseline = !is_isolated(cluster, of, direction);
  for (auto at = cluster.pods.lower_bound({ns, ""}); at != cluster.pods.end() && at->first.ns == ns; ++at)
    if (at->second.takes_part() && model::matches(selector, at->second.labels) &&
        !is_isolated(cluster, at->second, direction) &&
        !(from_baseline && is_in_baseline(cluster, at->second, direction)))
      return true;
  return false;
}

// One rule for each port of the far ends.
bool add_rules(const model::Cluster& cluster, const std::vector<Contact>& contacts,
               model::NetworkPolicy& policy) {
  std::map<net::Port, std::set<model::Peer>> peers;
  const bool has_ports = contacts.front().protocol.has_ports();
  for (const Contact& contact : contacts) {
    const auto peer = peer_for(cluster, policy.name.ns, contact.far);
    if (!peer) return false;
    peers[has_ports ? contact.far.port : net::Port()].insert(*peer);
  }
  auto& rules = contacts.front().direction == Direction::kIngress ? policy.ingress : policy.egress;
  for (const auto& [port, all] : peers) {
    model::Rule rule{{all.begin(), all.end()}, {}};
    if (has_ports) rule.ports = {{contacts.front().protocol, net::PortRange{port, port}}};
    rules.push_back(std::move(rule));
  }
  return true;
}

// What of an end's name goes into an object's: "shop/deployment/web" gives "deployment-web".
std::string name_part(const compile::why::FarEnd& far) {
  std::string text = far.pod != nullptr ? far.pod->name.name : far.ip.to_text();
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '/' || c == ':'; }, '-');
  return text;
}

std::string name_of(const model::Cluster& cluster, const Contact& contact) {
  const std::string own = name_part({{}, contact.pod, {}, false}), other = name_part(contact.far);
  const bool ingress = contact.direction == Direction::kIngress;
  std::string name = "allow-" + (ingress ? other : own) + "-to-" + (ingress ? own : other);
  constexpr size_t kRoom = 12;  // for port and number
  if (name.size() > kLongestName - kRoom) name.resize(kLongestName - kRoom);
  while (name.ends_with("-") || name.ends_with(".")) name.pop_back();
  if (contact.protocol.has_ports()) name += "-" + std::to_string(contact.far.port.host());
  const auto taken = [&](const std::string& one) {
    return cluster.policies.contains({contact.pod->name.ns, one});
  };
  std::string free = name;
  for (int i = 2; taken(free); ++i) free = name + "-" + std::to_string(i);
  return free;
}

}  // namespace

LabelSelector selector_of(const model::Cluster& cluster, const Pod& pod) {
  return exactly(cluster, pod.name.ns, labels_of_people(pod.labels));
}

std::optional<model::Peer> peer_for(const model::Cluster& cluster, const std::string& policy_namespace,
                                    const compile::why::FarEnd& far) {
  if (far.pod == nullptr) {
    if (model::is_placeholder(far.ip)) return std::nullopt;
    return model::IpBlock{net::Cidr::host(far.ip), {}};
  }
  model::SelectorPeer peer;
  const std::string& ns = far.pod->name.ns;
  peer.pod_selector = selector_of(cluster, *far.pod);
  if (ns != policy_namespace)
    peer.namespace_selector = LabelSelector{{{model::kNamespaceNameLabel, model::Operator::kIn, {ns}}}};
  return peer;
}

std::optional<model::NetworkPolicy> fix_for(const model::Cluster& cluster,
                                            const std::vector<Contact>& contacts) {
  if (contacts.empty()) return std::nullopt;
  const Contact& first = contacts.front();
  model::NetworkPolicy policy;
  policy.name = {first.pod->name.ns, name_of(cluster, first)};
  policy.pod_selector = selector_of(cluster, *first.pod);
  policy.isolates_ingress = first.direction == Direction::kIngress;
  policy.isolates_egress = first.direction == Direction::kEgress;
  if (model::is_in_audit(cluster, policy)) return std::nullopt;  // by its namespace: it would isolate nobody
  if (isolates_an_open_pod(cluster, *first.pod, policy.pod_selector, first.direction)) return std::nullopt;
  if (!add_rules(cluster, contacts, policy)) return std::nullopt;
  return policy;
}

}  // namespace sluice::explain
