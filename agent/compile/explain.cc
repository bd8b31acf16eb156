#include "agent/compile/explain.h"

#include <algorithm>

namespace sluice::compile {

using model::Direction;

namespace {

// One rule that holds for a pod, compiled again for the occasion.
struct NamedRule {
  std::string name;  // "namespace/policy:egress[0]"
  PeerSetId peers;
  PortSpec ports;  // of ingress rules already resolved
};

std::vector<NamedRule> rules_for(const model::Cluster& cluster, const GroupKey& group, Direction direction) {
  std::vector<NamedRule> rules;
  const auto& policies = cluster.policies;
  for (auto at = policies.lower_bound({group.ns, ""}); at != policies.end() && at->first.ns == group.ns;
       ++at) {
    const model::NetworkPolicy& policy = at->second;
    if (!policy.isolates(direction) || !model::matches(policy.pod_selector, group.labels)) continue;
    for (size_t i = 0; i < policy.rules(direction).size(); ++i) {
      const model::Rule& rule = policy.rules(direction)[i];
      PortSpec ports = port_spec_of(rule.ports);
      if (direction == Direction::kIngress) ports = resolved(ports, group.ports);
      rules.push_back({policy.name.to_text() + ":" + std::string(model::to_text(direction)) + "[" +
                           std::to_string(i) + "]",
                       rule.peers.empty() ? PeerSetId{} : id_of(peer_set_of(policy.name.ns, rule.peers)),
                       std::move(ports)});
    }
  }
  return rules;
}

// The names of those rules that allow the connection to or from an address of this identity.
void add_allowing(const Compilation& compilation, const std::vector<NamedRule>& rules, IdentityId identity,
                  net::Protocol protocol, net::Port port, std::set<std::string>& names) {
  const IdentityContent content = identity ? compilation.identities().content(identity) : IdentityContent{};
  for (const NamedRule& rule : rules) {
    bool peer = !rule.peers || std::binary_search(content.peers.begin(), content.peers.end(), rule.peers);
    if (!peer) continue;
    const PortSpec ports = resolved(rule.ports, content.ports);
    if (ports.all || ports.numbers.contains(protocol, port)) names.insert(rule.name);
  }
}

// Every endpoint behind the Service must be allowed; the rules that allow any of them are then its reason.
bool all_endpoints_allowed(const Compilation& compilation, const std::vector<NamedRule>& rules,
                           const BackendSet& backends, EndpointId self, std::set<std::string>& names) {
  std::set<std::string> found;
  for (const Backend& backend : backends) {
    if (backend.node || backend.local == self) continue;
    std::set<std::string> here;
    add_allowing(compilation, rules, backend.identity, backend.protocol, backend.port, here);
    if (here.empty()) return false;
    found.merge(here);
  }
  if (!backends.empty()) names.merge(found);
  return !backends.empty();
}

std::string to_text(const model::LabelSelector& selector) {
  std::string text;
  for (const model::Requirement& requirement : selector.requirements) {
    std::string values;
    for (const std::string& value : requirement.values) values += (values.empty() ? "" : ",") + value;
    text += text.empty() ? "" : " and ";
    switch (requirement.op) {
      case model::Operator::kIn:
        text += requirement.key + (requirement.values.size() == 1 ? "=" + values : " in (" + values + ")");
        break;
      case model::Operator::kNotIn:
        text += requirement.key + " not in (" + values + ")";
        break;
      case model::Operator::kExists:
        text += requirement.key;
        break;
      case model::Operator::kDoesNotExist:
        text += "no " + requirement.key;
        break;
    }
  }
  return text.empty() ? "any" : text;
}

}  // namespace

std::string to_text(const PeerSet& peers) {
  std::string text;
  auto add = [&](const std::string& one) { text += (text.empty() ? "" : "; ") + one; };
  for (const BoundSelector& selector : peers.selectors)
    add("pods " + to_text(selector.pods) + " in " +
        (selector.namespaces ? "namespaces " + to_text(*selector.namespaces) : "namespace " + selector.ns));
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
      const RulesetId id = compilation.local_rules().sides(group)[static_cast<size_t>(direction)].ruleset;
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

base::Result<Explanation> explain(const Compilation& compilation, const Question& question) {
  auto pod = compilation.cluster().pods.find(question.pod);
  const EndpointId self =
      pod == compilation.cluster().pods.end() ? EndpointId{} : compilation.endpoint_of(pod->second);
  if (!self)
    return base::Error(question.pod.to_text() + " is no endpoint of this node: ask the agent of its node");
  const Group* group = compilation.pods().group_of(pod->second);
  const image::Endpoint& endpoint = compilation.image().endpoints.at(self);
  Explanation result;
  result.isolated = static_cast<bool>(endpoint.sides[static_cast<size_t>(question.direction)].ruleset);
  result.allowed = !result.isolated;
  if (!result.isolated) return result;

  const std::vector<NamedRule> rules = rules_for(compilation.cluster(), *group->key, question.direction);
  const AddressTable& addresses = compilation.addresses();
  std::set<std::string> names;
  const std::optional<BackendSet> backends =
      question.direction == Direction::kEgress && question.protocol.has_ports()
          ? compilation.services().backends_at(question.remote, question.protocol, question.port)
          : std::nullopt;
  bool always = addresses.is_node(question.remote) || question.remote == endpoint.ipv4 ||
                question.remote == endpoint.ipv6;
  if (!backends && always) {
    result.allowed = true;
    return result;
  }
  const IdentityId identity =
      backends ? addresses.identity_by_prefix(question.remote) : addresses.identity_of(question.remote);
  add_allowing(compilation, rules, identity, question.protocol, question.port, names);
  result.allowed = !names.empty();
  if (backends) result.allowed |= all_endpoints_allowed(compilation, rules, *backends, self, names);
  result.rules.assign(names.begin(), names.end());
  return result;
}

}  // namespace sluice::compile
