#include "agent/compile/explain.h"

#include <algorithm>

#include "agent/model/isolation.h"
#include "agent/model/selector_text.h"

namespace sluice::compile {

using model::Direction;

namespace {

// One rule that holds for a pod. It is read from the policies, not from rule sets and identities: a rule set that allows
// everyone everything keeps no other rule, and identities then know of no other peers.
struct NamedRule {
  std::string name;  // "namespace/policy:egress[0]"
  bool everyone = false;
  PeerSet peers;
  PortSpec ports;  // of ingress rules already resolved
};

std::vector<NamedRule> rules_for(const model::Cluster& cluster, const GroupKey& group, Direction direction,
                                 model::Policies which = model::Policies::kEnforced) {
  std::vector<NamedRule> rules;
  for (const model::NetworkPolicy* isolating :
       model::isolating_policies(cluster, group.ns, group.labels, direction, which)) {
    const model::NetworkPolicy& policy = *isolating;
    const std::string name = policy.name.to_text() + ":" + std::string(model::to_text(direction));
    for (size_t i = 0; i < policy.rules(direction).size(); ++i) {
      const model::Rule& rule = policy.rules(direction)[i];
      PortSpec ports = port_spec_of(rule.ports);
      if (direction == Direction::kIngress) ports = resolved(ports, group.ports);
      rules.push_back({name + "[" + std::to_string(i) + "]", rule.peers.empty(),
                       peer_set_of(policy.name.ns, rule.peers), std::move(ports)});
    }
  }
  return rules;
}

// The far end as rules see it; group is nullptr where it is no pod.
struct Peer {
  net::Ip ip;
  const Group* group = nullptr;
};

Peer peer_at(const Compilation& compilation, const net::Ip& ip) {
  return {ip, compilation.pods().group_at(ip)};
}

bool holds(const model::Cluster& cluster, const PeerSet& peers, const Peer& peer) {
  auto in_block = [&](const model::IpBlock& block) { return block.contains(peer.ip); };
  auto selected = [&](const BoundSelector& selector) {
    const std::string& ns = peer.group->key->ns;
    bool reaches = selector.namespaces ? model::matches(*selector.namespaces, cluster.namespace_labels(ns))
                                       : selector.ns == ns;
    return reaches && model::matches(selector.pods, peer.group->key->labels);
  };
  return std::any_of(peers.blocks.begin(), peers.blocks.end(), in_block) ||
         (peer.group && std::any_of(peers.selectors.begin(), peers.selectors.end(), selected));
}

// Which of the rules allow the connection with this peer: indices.
std::set<size_t> allowing(const Compilation& compilation, const std::vector<NamedRule>& rules,
                          const Peer& peer, net::Protocol protocol, net::Port port) {
  std::set<size_t> found;
  for (size_t i = 0; i < rules.size(); ++i) {
    const PortSpec ports = peer.group ? resolved(rules[i].ports, peer.group->key->ports) : rules[i].ports;
    if (!ports.all && !ports.numbers.contains(protocol, port)) continue;
    if (rules[i].everyone || holds(compilation.cluster(), rules[i].peers, peer)) found.insert(i);
  }
  return found;
}

// Those of a pod that nothing isolates.
std::vector<FarEnd> unjudged(const Compilation& compilation, const std::set<BackendAddress>& endpoints) {
  std::vector<FarEnd> all;
  for (const auto& [ip, port] : endpoints) all.push_back({ip, compilation.pods().owner(ip), port, true});
  return all;
}

// The endpoints behind a Service, each judged by itself; `found` gets the rules that allow any of them.
std::vector<FarEnd> judge_endpoints(const Compilation& compilation, const std::vector<NamedRule>& rules,
                                    const std::set<BackendAddress>& endpoints, const model::Pod& self,
                                    net::Protocol protocol, std::set<size_t>& found) {
  std::vector<FarEnd> judged;
  for (const auto& [ip, port] : endpoints) {
    FarEnd end{ip, compilation.pods().owner(ip), port, true};
    if (!compilation.addresses().is_node(ip) && end.pod != &self) {
      std::set<size_t> here = allowing(compilation, rules, peer_at(compilation, ip), protocol, port);
      end.allowed = !here.empty();
      found.merge(here);
    }
    judged.push_back(end);
  }
  return judged;
}

std::string selector_text(const model::LabelSelector& selector) {
  const std::string text = model::to_text(selector);
  return text.empty() ? "any" : text;
}

}  // namespace

std::string to_text(const PeerSet& peers) {
  std::string text;
  auto add = [&](const std::string& one) { text += (text.empty() ? "" : "; ") + one; };
  for (const BoundSelector& selector : peers.selectors)
    add("pods " + selector_text(selector.pods) + " in " +
        (selector.namespaces ? "namespaces " + selector_text(*selector.namespaces)
                             : "namespace " + selector.ns));
  for (const model::IpBlock& block : peers.blocks) {
    std::string except;
    for (const net::Cidr& cidr : block.except) except += (except.empty() ? " except " : ",") + cidr.to_text();
    add(block.cidr.to_text() + except);
  }
  return text;
}

std::vector<RulesetInfo> rulesets_of(const Compilation& compilation) {
  std::map<RulesetId, RulesetInfo> infos;
  for (const auto& [name, ifindex] : compilation.local_pods()) {
    auto pod = compilation.cluster().pods.find(name);
    if (pod == compilation.cluster().pods.end() || !compilation.endpoint_of(pod->second)) continue;
    Group* group = compilation.pods().group_of(pod->second);
    for (Direction direction : model::kDirections) {
      const RulesetId id =
          compilation.local_rules().sides(group).enforced[static_cast<size_t>(direction)].ruleset;
      if (!id) continue;
      RulesetInfo& info = infos[id];
      info.id = id;
      info.direction = direction;
      info.endpoints.push_back(name.to_text());
      for (NamedRule& rule : rules_for(compilation.cluster(), *group->key, direction))
        info.rules.push_back(std::move(rule.name));
    }
  }
  std::vector<RulesetInfo> result;
  for (auto& [id, info] : infos) {
    // Pods of different groups may have equal rule sets from different policies.
    std::sort(info.rules.begin(), info.rules.end());
    info.rules.erase(std::unique(info.rules.begin(), info.rules.end()), info.rules.end());
    result.push_back(std::move(info));
  }
  return result;
}

std::vector<IdentityInfo> identities_of(const Compilation& compilation) {
  constexpr size_t kSample = 5;
  std::map<IdentityId, IdentityInfo> infos;
  compilation.identities().for_each_live([&](IdentityId id, const IdentityContent& content) {
    IdentityInfo& info = infos[id];
    info.id = id;
    for (PeerSetId peers : content.peers)
      if (const PeerSet* set = compilation.peers().content(peers)) info.peers.push_back(to_text(*set));
    std::sort(info.peers.begin(), info.peers.end());
    for (const model::ContainerPort& port : content.ports)
      info.ports.push_back(port.name + "=" + std::to_string(port.port.host()) + "/" +
                           port.protocol.to_text());
  });
  auto count = [&](IdentityId id, const auto& where) {
    auto info = infos.find(id);
    if (info == infos.end()) return;
    ++info->second.addresses;
    if (info->second.sample.size() < kSample) info->second.sample.push_back(where.to_text());
  };
  for (const auto& [ip, address] : compilation.image().addresses) count(address.identity, ip);
  for (const auto& [cidr, identity] : compilation.image().prefixes) count(identity, cidr);
  std::vector<IdentityInfo> result;
  for (auto& [id, info] : infos) result.push_back(std::move(info));
  return result;
}

// As it is, or as it would be were the policies in audit in force.
static base::Result<Explanation> explain_by(const Compilation& compilation, const Question& question,
                                            model::Policies which) {
  auto pod = compilation.cluster().pods.find(question.pod);
  const EndpointId self =
      pod == compilation.cluster().pods.end() ? EndpointId{} : compilation.endpoint_of(pod->second);
  if (!self)
    return base::Error(question.pod.to_text() + " is no endpoint of this node: ask the agent of its node");
  const Group* group = compilation.pods().group_of(pod->second);
  const image::Endpoint& endpoint = compilation.image().endpoints.at(self);
  Explanation result;
  const auto& sides = which == model::Policies::kAudited ? endpoint.audited : endpoint.sides;
  result.isolated = static_cast<bool>(sides[static_cast<size_t>(question.direction)].ruleset);
  result.allowed = !result.isolated;
  result.far = {question.remote, nullptr, question.port, result.allowed};
  const bool ports = question.protocol.has_ports();
  const auto service =
      question.direction == Direction::kEgress && ports
          ? compilation.services().endpoints_at(question.remote, question.protocol, question.port)
          : std::nullopt;
  if (!result.isolated) {
    if (service) result.endpoints = unjudged(compilation, *service);
    return result;
  }
  result.isolated_by = model::names_of(model::isolating_policies(
      compilation.cluster(), group->key->ns, group->key->labels, question.direction, which));

  // Such a packet ends in the header that it announces (semantics 26).
  if (question.remote.family() == net::Family::kIpv6 && question.protocol.is_ipv6_extension()) return result;
  result.always = !service && (compilation.addresses().is_node(question.remote) ||
                               question.remote == endpoint.ipv4 || question.remote == endpoint.ipv6);
  result.allowed = result.far.allowed = result.always;
  if (result.always) return result;
  const std::vector<NamedRule> rules =
      rules_for(compilation.cluster(), *group->key, question.direction, which);
  // A Service's address is judged as it stands, whoever has it (semantics 21).
  const Peer peer = service ? Peer{question.remote, nullptr} : peer_at(compilation, question.remote);
  if (!service) result.far.pod = compilation.pods().owner(question.remote);
  std::set<size_t> found = allowing(compilation, rules, peer, question.protocol, question.port);
  result.allowed = result.far.allowed = !found.empty();
  if (service) {
    std::set<size_t> by_endpoints;
    result.endpoints =
        judge_endpoints(compilation, rules, *service, pod->second, question.protocol, by_endpoints);
    const bool all = !result.endpoints->empty() && std::ranges::all_of(*result.endpoints, &FarEnd::allowed);
    result.allowed |= all;
    if (all) found.merge(by_endpoints);
  }
  for (size_t i : found) result.rules.push_back(rules[i].name);
  return result;
}

base::Result<Explanation> explain(const Compilation& compilation, const Question& question) {
  auto enforced = explain_by(compilation, question, model::Policies::kEnforced);
  if (!enforced || !enforced->allowed) return enforced;
  const model::Pod& pod = compilation.cluster().pods.at(question.pod);
  const image::Endpoint& endpoint = compilation.image().endpoints.at(compilation.endpoint_of(pod));
  if (!endpoint.audited[static_cast<size_t>(question.direction)].ruleset) return enforced;
  const auto audited = explain_by(compilation, question, model::Policies::kAudited);
  if (!audited || audited->allowed) return enforced;
  const std::set<std::string> in_force(enforced->isolated_by.begin(), enforced->isolated_by.end());
  for (const std::string& policy : audited->isolated_by)
    if (!in_force.contains(policy)) enforced->audited_by.push_back(policy);
  return enforced;
}

}  // namespace sluice::compile
