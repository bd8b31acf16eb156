#include "agent/compile/why/explain.h"

#include <algorithm>

#include "agent/compile/why/rules.h"
#include "agent/compile/why/tiers.h"

namespace sluice::compile::why {

using model::Direction;

namespace {

// Those of a pod that nothing isolates.
std::vector<FarEnd> unjudged(const Compilation& compilation, const std::set<BackendAddress>& endpoints) {
  std::vector<FarEnd> all;
  all.reserve(endpoints.size());
  for (const auto& [ip, port] : endpoints) all.push_back({ip, compilation.pods().owner(ip), port, true});
  return all;
}

// The endpoints behind a Service, each judged by itself, and the rules that allow any of them.
struct Judged {
  std::vector<FarEnd> endpoints;
  std::set<size_t> by;
};
Judged judge_endpoints(const Compilation& compilation, const std::vector<NamedRule>& rules,
                       const std::set<BackendAddress>& endpoints, const model::Pod& self,
                       net::Protocol protocol) {
  Judged judged;
  for (const auto& [ip, port] : endpoints) {
    FarEnd end{ip, compilation.pods().owner(ip), port, true};
    if (!compilation.addresses().is_node(ip) && end.pod != &self) {
      std::set<size_t> here = allowing(compilation, rules, peer_at(compilation, ip), protocol, port);
      end.allowed = !here.empty();
      judged.by.merge(here);
    }
    judged.endpoints.push_back(end);
  }
  return judged;
}

using Behind = std::optional<std::set<BackendAddress>>;

// By NetworkPolicies alone.
void explain_rules(const Compilation& compilation, const Question& question,
                   const std::vector<NamedRule>& rules, const Behind& service, Explanation& result) {
  // A Service's address is judged as it stands, whoever has it (semantics 21).
  const Peer peer = service ? Peer{question.remote, nullptr} : peer_at(compilation, question.remote);
  if (!service) result.far.pod = compilation.pods().owner(question.remote);
  std::set<size_t> found = allowing(compilation, rules, peer, question.protocol, question.port);
  result.allowed = result.far.allowed = !found.empty();
  if (service) {
    const model::Pod& self = compilation.cluster().pods.at(question.pod);
    Judged behind = judge_endpoints(compilation, rules, *service, self, question.protocol);
    result.endpoints = std::move(behind.endpoints);
    const bool all = !result.endpoints->empty() && std::ranges::all_of(*result.endpoints, &FarEnd::allowed);
    result.allowed |= all;
    if (all) found.merge(behind.by);
  }
  for (size_t i : found) result.rules.push_back(rules[i].name);
}

// As it is, or as it would be were the policies in audit in force.
base::Result<Explanation> explain_by(const Compilation& compilation, const Question& question,
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
  const image::Side& side = sides[static_cast<size_t>(question.direction)];
  result.always = !service && ((compilation.addresses().is_node(question.remote) && !side.whole) ||
                               question.remote == endpoint.ipv4 || question.remote == endpoint.ipv6);
  result.allowed = result.far.allowed = result.always;
  if (result.always) return result;
  const std::vector<NamedRule> rules =
      rules_for(compilation.cluster(), *group->key, question.direction, which);
  if (compilation.local_rules().ruleset(side.ruleset)->content.tiers) {
    if (!service) result.far.pod = compilation.pods().owner(question.remote);
    const TieredSide tiered{compilation,
                            tier_rules_for(compilation.cluster(), *group->key, question.direction), rules,
                            !result.isolated_by.empty()};
    explain_tiers(tiered, question, pod->second, service, result);
    return result;
  }
  explain_rules(compilation, question, rules, service, result);
  return result;
}

}  // namespace

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

}  // namespace sluice::compile::why
