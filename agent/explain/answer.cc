#include "agent/explain/answer.h"

#include <algorithm>
#include <set>
#include <utility>

#include "agent/base/excerpt.h"
#include "agent/explain/fix.h"
#include "agent/model/tiers.h"

namespace sluice::explain {

using base::Result;
using model::Direction;
using model::Side;

namespace {

// The label of an allowed or denied side (include/sluice/reasons.h).
std::string reason_of(const compile::why::Explanation& explanation, const compile::why::Question& question) {
  if (!explanation.isolated) return "not_isolated";
  if (explanation.always) return explanation.far.pod == nullptr ? "own_node" : "self";
  if (explanation.allowed) return "policy";
  if (question.remote.family() == net::Family::kIpv6 && question.protocol.is_ipv6_extension())
    return "truncated";
  const bool some =
      explanation.endpoints && std::ranges::any_of(*explanation.endpoints, &compile::why::FarEnd::allowed);
  return some ? "service_partial" : "no_rule";
}

std::string text_of(const std::string& reason, const compile::why::Question& question) {
  if (reason == "not_isolated")
    return "no policy isolates " + question.pod.to_text() + " for " +
           std::string(to_text(question.direction));
  if (reason == "own_node") return "always allowed: its own node";
  if (reason == "self") return "always allowed: itself";
  if (reason == "service_partial") return "policy allows only some endpoints of the Service";
  if (reason == "truncated") return "an IPv6 packet that ends in an extension header is malformed";
  return reason == "no_rule" ? "isolated, and no policy rule allows it" : "";
}

// Of a side with tiers, where these have a part in it; empty where they have none.
std::string text_of_tiers(const model::Cluster& cluster, const compile::why::Explanation& explanation) {
  if (explanation.allowed && explanation.rules.empty())
    return explanation.isolated_by.empty() ? "no policy decides it" : "always: its own node, or itself";
  if (std::ranges::none_of(explanation.rules,
                           [](const auto& rule) { return model::tier_of(rule).has_value(); }))
    return "";
  std::string text;
  for (const std::string& rule : explanation.rules) {
    const std::string own_name =
        base::one_line(model::own_name_of(cluster, rule));  // any text may stand there
    text += (text.empty() ? "" : ", ") + rule + (own_name.empty() ? "" : " (" + own_name + ")");
  }
  return text;
}

// What a rule would have to allow: of a Service its denied endpoints, all of them where the policy would be the first
// that isolates the pod, or its address where it has none.
std::vector<Contact> contacts_to_allow(const compile::why::Explanation& explanation, const model::Pod& pod,
                                       const compile::why::Question& question) {
  std::vector<Contact> contacts;
  const auto add = [&](const compile::why::FarEnd& far) {
    contacts.push_back({&pod, question.direction, question.protocol, far});
  };
  for (const auto& endpoint : explanation.endpoints.value_or(std::vector<compile::why::FarEnd>()))
    if (!endpoint.allowed || explanation.isolated_by.empty()) add(endpoint);
  if (contacts.empty()) add(explanation.far);
  return contacts;
}

// What several endpoints of a Service make of it.
SideAnswer sum_of(const std::vector<EndpointAnswer>& endpoints) {
  SideAnswer sum;
  std::set<std::string> rules, isolated_by, audited_by;
  for (const EndpointAnswer& endpoint : endpoints) {
    const SideAnswer& side = endpoint.ingress;
    sum.elsewhere = sum.elsewhere || side.elsewhere;
    rules.insert(side.rules.begin(), side.rules.end());
    isolated_by.insert(side.isolated_by.begin(), side.isolated_by.end());
    audited_by.insert(side.audited_by.begin(), side.audited_by.end());
    const bool says_more = side.opinion > sum.opinion;  // none, allow, deny
    if (!says_more) continue;
    sum.opinion = side.opinion;
    sum.reason = side.reason;
    sum.text = side.text;
    sum.near = side.near;
    sum.fix = side.fix;
  }
  sum.rules.assign(rules.begin(), rules.end());
  sum.isolated_by.assign(isolated_by.begin(), isolated_by.end());
  sum.audited_by.assign(audited_by.begin(), audited_by.end());
  return sum;
}

// The policies of an answer, some of them twice.
std::vector<model::NetworkPolicy*> fixes_of(Answer& answer) {
  std::vector<model::NetworkPolicy*> fixes;
  const auto add = [&fixes](SideAnswer& side) {
    if (side.fix) fixes.push_back(&*side.fix);
  };
  add(answer.egress);
  add(answer.ingress);
  for (EndpointAnswer& endpoint : answer.endpoints) add(endpoint.ingress);
  return fixes;
}

// Gives them the names that ask_both() says.
void name_fixes_apart(Answer& answer, const model::Cluster& cluster, const PolicyNames& away) {
  std::vector<std::pair<model::NetworkPolicy, std::string>> given;  // without its name, and that
  for (model::NetworkPolicy* fix : fixes_of(answer)) {
    const std::string name = std::exchange(fix->name.name, "");
    const auto same = std::ranges::find_if(given, [&](const auto& one) { return one.first == *fix; });
    if (same != given.end()) {
      fix->name.name = same->second;
      continue;
    }
    const auto taken = [&](const std::string& free) {
      const model::ObjectName full{fix->name.ns, free};
      return cluster.policies.contains(full) || away.contains(full) ||
             std::ranges::any_of(
                 given, [&](const auto& one) { return one.first.name.ns == full.ns && one.second == free; });
    };
    std::string free = name;
    for (int i = 2; taken(free); ++i) free = name + "-" + std::to_string(i);
    given.emplace_back(*fix, free);
    fix->name.name = free;
  }
}

}  // namespace

model::Verdict Answer::verdict() const {
  return egress.opinion == Side::kDeny || ingress.opinion == Side::kDeny ? model::Verdict::kDeny
                                                                         : model::Verdict::kAllow;
}

const Answer& NameAnswer::deciding() const {
  for (const Answer& answer : answers)
    if (answer.verdict() == model::Verdict::kDeny) return answer;
  return answers.front();
}

const SideAnswer& Answer::denying() const {
  if (egress.opinion == Side::kDeny) return egress;
  for (const EndpointAnswer& endpoint : endpoints)
    if (endpoint.ingress.opinion == Side::kDeny) return endpoint.ingress;
  return ingress;
}

std::string denying_rule(const SideAnswer& side) {
  // Tier Admin's is the one that no NetworkPolicy mends.
  for (const model::Tier tier : model::kTiers)
    for (const std::string& rule : side.rules)
      if (side.opinion == Side::kDeny && model::tier_of(rule) == tier) return rule;
  return "";
}

std::string Answer::reason() const {
  for (const Side opinion : {Side::kDeny, Side::kAllow})
    for (const SideAnswer* side : {&egress, &ingress})
      if (side->opinion == opinion && !side->reason.empty()) return side->reason;
  return "not_isolated";
}

Result<SideAnswer> explain_side(const compile::Compiler& compiler, const compile::why::Question& question,
                                bool mends) {
  const auto explanation = compile::why::explain(compiler.compilation(), question);
  if (!explanation) return explanation.error();
  const model::Cluster& cluster = compiler.cluster();
  const model::Pod& pod = cluster.pods.at(question.pod);
  SideAnswer side;
  side.opinion = !explanation->isolated ? Side::kNone : explanation->allowed ? Side::kAllow : Side::kDeny;
  side.reason = reason_of(*explanation, question);
  side.text = text_of(side.reason, question);
  side.rules = explanation->rules;
  if (const std::string text = explanation->tiered ? text_of_tiers(cluster, *explanation) : ""; !text.empty())
    side.text = text;
  side.isolated_by = explanation->isolated_by;
  side.audited_by = explanation->audited_by;
  side.names = explanation->names;
  side.by_names = explanation->by_names;
  if (side.opinion == Side::kDeny && explanation->name_would_do && side.names.empty())
    side.text += "; no name is known for " + question.remote.to_text();
  if (explanation->endpoints) {
    side.behind.emplace();
    for (const compile::why::FarEnd& end : *explanation->endpoints)
      side.behind->emplace_back(end.ip, end.port);
  }
  // No NetworkPolicy mends what tier Admin denies.
  const auto is_admins = [](const std::string& rule) { return model::tier_of(rule) == model::Tier::kAdmin; };
  if (!mends || side.opinion != Side::kDeny || side.reason == "truncated" ||
      std::ranges::any_of(side.rules, is_admins))
    return side;
  const std::vector<Contact> contacts = contacts_to_allow(*explanation, pod, question);
  side.near = nearest_misses(cluster, contacts.front());
  side.fix = fix_for(cluster, contacts);
  return side;
}

Result<Answer> ask_both(const model::Cluster& cluster, const model::PodAddresses& addresses,
                        const model::Probe& probe, const AskSide& ask, const PolicyNames& away) {
  const auto resolved = model::resolve(cluster, addresses, probe);
  if (!resolved) return resolved.error();
  const auto side = [&](const model::ProbeEnd& self, Direction direction, const net::Ip& remote,
                        net::Port port) {
    const model::ObjectName pod = self.pod != nullptr ? self.pod->name : model::ObjectName();
    return ask(self, {pod, direction, remote, resolved->protocol, port});
  };
  const net::Port port = probe.port.value_or(net::Port());
  Answer answer{model::to_text(probe.from), model::to_text(probe.to), probe.protocol, probe.port, {}, {}, {}};
  auto egress = side(resolved->from, Direction::kEgress, resolved->to.ip, port);
  if (!egress) return egress.error();
  answer.egress = *std::move(egress);
  // Which endpoints stand behind it only a pod's node says (semantics 22).
  if (!answer.egress.behind && model::goes_to_service(cluster, addresses, *resolved)) {
    answer.ingress.text = resolved->to.ip.to_text() + " is a Service's address, which its endpoints judge";
    return answer;
  }
  if (!answer.egress.behind) {
    auto ingress = side(resolved->to, Direction::kIngress, resolved->from.ip, port);
    if (!ingress) return ingress.error();
    answer.ingress = *std::move(ingress);
    name_fixes_apart(answer, cluster, away);
    return answer;
  }
  for (const auto& [ip, target] : *answer.egress.behind) {
    const model::ProbeEnd end{ip, addresses.owner(ip)};
    auto ingress = side(end, Direction::kIngress, resolved->from.ip, target);
    if (!ingress) return ingress.error();
    answer.endpoints.push_back(
        {end.pod != nullptr ? end.pod->name.to_text() : "", ip, target, *std::move(ingress)});
  }
  answer.ingress = sum_of(answer.endpoints);
  if (answer.endpoints.empty())
    answer.ingress.text =
        resolved->to.ip.to_text() + " is a Service's address, behind which no endpoint stands";
  name_fixes_apart(answer, cluster, away);
  return answer;
}

Result<NameAnswer> ask_name(const std::string& name, const std::vector<net::Ip>& addresses,
                            model::Probe probe,
                            const std::function<Result<Answer>(const model::Probe&)>& check) {
  NameAnswer all{name, {}};
  std::optional<base::Error> failure;
  for (const net::Ip& ip : addresses) {
    if (probe.family && ip.family() != *probe.family) continue;
    probe.to = ip;
    auto answer = check(probe);
    if (answer)
      all.answers.push_back(*std::move(answer));
    else if (!failure)
      failure = answer.error();
  }
  if (!all.answers.empty()) return all;
  return failure ? *failure
                 : base::Error(name + ": has no " + std::string(net::to_text(*probe.family)) + " address");
}

}  // namespace sluice::explain
