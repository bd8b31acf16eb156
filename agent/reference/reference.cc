#include "agent/reference/reference.h"

#include <algorithm>

namespace sluice::reference {

using model::Direction;
using model::NetworkPolicy;
using model::Pod;

namespace {

// "namespace/policy:egress[0]", in the order of policies, then rules.
std::vector<std::string> spell(Direction direction,
                               const std::set<std::pair<model::ObjectName, size_t>>& rules) {
  std::vector<std::string> names;
  for (const auto& [policy, index] : rules)
    names.push_back(policy.to_text() + ":" + std::string(model::to_text(direction)) + "[" +
                    std::to_string(index) + "]");
  return names;
}

// Semantics 26: an IPv6 packet ends in the extension header that its next header announces.
bool is_cut_off(const Contact& contact) {
  if (contact.peer.ip.family() != net::Family::kIpv6) return false;
  switch (contact.protocol.number()) {
    case 0:    // hop-by-hop options
    case 43:   // routing
    case 44:   // fragment
    case 51:   // authentication
    case 60:   // destination options
    case 135:  // mobility
    case 139:  // host identity
    case 140:  // shim6
      return true;
    default:
      return false;
  }
}

}  // namespace

base::Result<Answer> Reference::evaluate(const Probe& probe) const {
  auto resolved = model::resolve(cluster_, addresses_, probe);
  if (!resolved) return resolved.error();
  const model::ProbeEnd& from = resolved->from;
  const model::ProbeEnd& to = resolved->to;

  Opinion egress, ingress;
  if (from.pod) egress = egress_of(*from.pod, *resolved);
  if (to.pod && !behind(from.pod, *resolved))
    ingress = judge(*to.pod, Direction::kIngress, {from, to.pod, resolved->protocol, resolved->port});
  return Answer{egress.side, ingress.side, spell(Direction::kEgress, egress.rules),
                spell(Direction::kIngress, ingress.rules)};
}

Verdict Reference::evaluate(const Sending& sending) const {
  const Pod& pod = cluster_.pods.at(sending.pod);
  if (!may_send_from(cluster_, addresses_, pod, sending)) return Verdict::kDeny;
  const model::ResolvedProbe probe{
      {sending.source, nullptr}, {sending.to, addresses_.owner(sending.to)}, sending.protocol, sending.port};
  return egress_of(pod, probe).side == Side::kDeny ? Verdict::kDeny : Verdict::kAllow;
}

// The endpoints that the packet's address and port stand for; nullopt: a plain address.
std::optional<std::vector<Backend>> Reference::behind(const Pod* source,
                                                      const model::ResolvedProbe& probe) const {
  if (!probe.port) return std::nullopt;
  return service_backends(cluster_, addresses_, source, probe.to.ip, probe.protocol, *probe.port);
}

Reference::Opinion Reference::egress_of(const Pod& pod, const model::ResolvedProbe& probe) const {
  if (const auto service = behind(&pod, probe)) return judge_service(pod, probe, *service);
  return judge(pod, Direction::kEgress, {probe.to, probe.to.pod, probe.protocol, probe.port});
}

// Semantics, "Audit": such a policy isolates nobody, as if it were not there.
bool Reference::is_in_audit(const NetworkPolicy& policy) const {
  const auto ns = cluster_.namespaces.find({"", policy.name.ns});
  return policy.audit || (ns != cluster_.namespaces.end() && ns->second.audit);
}

// Semantics 6. Which types a policy has is decided where it is decoded.
Reference::Policies Reference::isolating(const Pod& pod, Direction direction) const {
  Policies policies;
  for (const auto& [name, policy] : cluster_.policies)
    if (name.ns == pod.name.ns && policy.isolates(direction) && !is_in_audit(policy) &&
        selector_matches(policy.pod_selector, pod.labels))
      policies.push_back(&policy);
  return policies;
}

Reference::Rules Reference::allowing(const Policies& policies, Direction direction,
                                     const Contact& contact) const {
  Rules allowing;
  for (const NetworkPolicy* policy : policies) {
    const auto& rules = policy->rules(direction);
    for (size_t i = 0; i < rules.size(); ++i)
      if (rule_allows(cluster_, policy->name.ns, rules[i], contact)) allowing.emplace(policy->name, i);
  }
  return allowing;
}

bool Reference::is_own_node(const Pod& pod, const model::ProbeEnd& peer) const {
  const auto node = own_node_addresses(cluster_, pod);
  return std::find(node.begin(), node.end(), peer.ip) != node.end();
}

namespace {

bool is_itself(const Pod& pod, const model::ProbeEnd& peer) {
  return peer.pod && peer.pod->name == pod.name;
}

}  // namespace

// The NetworkPolicy tier for a pod that is isolated: semantics 7, 17, 18 and 21. Of a Service both faces count.
Reference::Opinion Reference::judge_by_policies(const Pod& pod, const Policies& policies, Direction direction,
                                                const Faces& faces) const {
  if (faces.end && (is_itself(pod, faces.end->peer) || is_own_node(pod, faces.end->peer)))
    return {Side::kAllow, {}};
  Rules rules;
  for (const Contact* face : {faces.end, faces.written})
    if (face) rules.merge(allowing(policies, direction, *face));
  return {rules.empty() ? Side::kDeny : Side::kAllow, rules};
}

Reference::Opinion Reference::judge(const Pod& pod, Direction direction, const Faces& faces) const {
  const auto by_tier = [&](model::Tier tier) -> std::optional<Opinion> {
    const auto decision = decide(cluster_, pod, direction, tier, faces);
    if (!decision) return std::nullopt;
    return Opinion{decision->accepts ? Side::kAllow : Side::kDeny, {decision->rule}};
  };
  if (auto admin = by_tier(model::Tier::kAdmin)) return *admin;
  if (const Policies policies = isolating(pod, direction); !policies.empty())
    return judge_by_policies(pod, policies, direction, faces);
  return by_tier(model::Tier::kBaseline).value_or(Opinion{Side::kAllow, {}});
}

Reference::Opinion Reference::judge(const Pod& pod, Direction direction, const Contact& contact) const {
  if (isolating(pod, direction).empty() && !is_subject(cluster_, pod, direction)) return {Side::kNone, {}};
  if (is_cut_off(contact)) return {Side::kDeny, {}};
  // Semantics 59 and 60: no business of a ClusterNetworkPolicy.
  if (is_itself(pod, contact.peer)) return {Side::kAllow, {}};
  if (direction == Direction::kIngress && is_own_node(pod, contact.peer)) return {Side::kAllow, {}};
  return judge(pod, direction, Faces{&contact, nullptr});
}

// Semantics 21: the address as it stands, or every endpoint at its own target port.
Reference::Opinion Reference::judge_service(const Pod& pod, const model::ResolvedProbe& probe,
                                            const std::vector<Backend>& backends) const {
  const Policies policies = isolating(pod, Direction::kEgress);
  const Contact written{{probe.to.ip, nullptr}, nullptr, probe.protocol, probe.port};
  std::vector<Contact> ends;
  for (const Backend& backend : backends)
    ends.push_back({backend.end, backend.end.pod, probe.protocol, backend.port});
  if (is_subject(cluster_, pod, Direction::kEgress)) return judge_tiers_of_service(pod, written, ends);
  if (policies.empty()) return {Side::kNone, {}};

  const Rules by_address = allowing(policies, Direction::kEgress, written);
  Rules by_endpoints;
  bool every_endpoint = !ends.empty();
  for (const Contact& end : ends) {
    const Opinion opinion = judge_by_policies(pod, policies, Direction::kEgress, {&end, nullptr});
    every_endpoint = every_endpoint && opinion.side == Side::kAllow;
    by_endpoints.insert(opinion.rules.begin(), opinion.rules.end());
  }

  Opinion opinion{by_address.empty() && !every_endpoint ? Side::kDeny : Side::kAllow, by_address};
  if (every_endpoint) opinion.rules.insert(by_endpoints.begin(), by_endpoints.end());
  return opinion;
}

// Semantics 67: endpoint by endpoint through all tiers, each with the written face beside it.
Reference::Opinion Reference::judge_tiers_of_service(const Pod& pod, const Contact& written,
                                                     const std::vector<Contact>& ends) const {
  if (ends.empty()) return judge(pod, Direction::kEgress, Faces{nullptr, &written});
  Opinion allows{Side::kAllow, {}}, denies{Side::kDeny, {}};
  bool every_endpoint = true;
  for (const Contact& end : ends) {
    Opinion one = judge(pod, Direction::kEgress, Faces{&end, &written});
    every_endpoint = every_endpoint && one.side == Side::kAllow;
    (one.side == Side::kAllow ? allows : denies).rules.merge(one.rules);
  }
  return every_endpoint ? allows : denies;
}

base::Result<Answer> evaluate(const model::Cluster& cluster, const Probe& probe) {
  return Reference(cluster).evaluate(probe);
}

}  // namespace sluice::reference
