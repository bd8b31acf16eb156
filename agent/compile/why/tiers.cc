#include "agent/compile/why/tiers.h"

#include <algorithm>

namespace sluice::compile::why {
namespace {

struct TieredVerdict {
  bool allowed = false;
  std::map<RuleKey, std::string> rules;
};

const NamedTierRule* first_of(const TieredSide& side, model::Tier tier, const FacedPeer* end,
                              const FacedPeer* written) {
  for (const NamedTierRule& rule : side.tiers)
    if (rule.tier == tier &&
        (matches(side.compilation, rule, end) || matches(side.compilation, rule, written)))
      return rule.action == model::Action::kPass ? nullptr : &rule;
  return nullptr;
}

// `always`: semantics 17 and 18 hold for the end, in the NetworkPolicies' tier.
TieredVerdict judge_tiers(const TieredSide& side, const FacedPeer* end, const FacedPeer* written,
                          bool always) {
  const auto by_tier = [](const NamedTierRule& rule) {
    return TieredVerdict{rule.action == model::Action::kAccept, {{rule.key, rule.name}}};
  };
  if (const auto* admin = first_of(side, model::Tier::kAdmin, end, written)) return by_tier(*admin);
  if (side.isolated && always) return {true, {}};
  if (side.isolated) {
    std::set<size_t> found;
    for (const FacedPeer* face : {end, written})
      if (face) found.merge(allowing(side.compilation, side.rules, face->peer, face->protocol, face->port));
    TieredVerdict verdict{!found.empty(), {}};
    for (size_t i : found) verdict.rules.emplace(side.rules[i].key, side.rules[i].name);
    return verdict;
  }
  if (const auto* baseline = first_of(side, model::Tier::kBaseline, end, written)) return by_tier(*baseline);
  return {true, {}};
}

// Does a rule that accepts by names come before whatever decides in tier Admin?
bool may_accept_by_name(const TieredSide& side, const FacedPeer& far) {
  for (const NamedTierRule& rule : side.tiers) {
    if (rule.tier != model::Tier::kAdmin || matches(side.compilation, rule, &far)) return false;
    if (rule.action == model::Action::kAccept && matches_by_some_name(rule, far)) return true;
  }
  return false;
}

// Which names the address has, and which of them the rules that decide go by.
void explain_names(const TieredSide& side, const FacedPeer& far, Explanation& result) {
  std::set<std::string> by_names;
  for (const NamedTierRule& rule : side.tiers) {
    if (rule.peers.domains.empty()) continue;
    result.names_domains = true;
    if (std::ranges::find(result.rules, rule.name) == result.rules.end()) continue;
    by_names.merge(names_needed(side.compilation, rule, far));
  }
  result.by_names.assign(by_names.begin(), by_names.end());
  if (!result.names_domains) return;
  result.name_would_do = !result.allowed && may_accept_by_name(side, far);
  for (const auto& [name, slot] : side.compilation.names().names_at(far.peer.ip))
    result.names.push_back(name);
}

}  // namespace

void explain_tiers(const TieredSide& side, const Question& question, const model::Pod& self,
                   const std::optional<std::set<BackendAddress>>& service, Explanation& result) {
  const Compilation& compilation = side.compilation;
  result.tiered = true;
  std::map<RuleKey, std::string> rules;
  const auto add = [&](const TieredVerdict& verdict) {
    rules.insert(verdict.rules.begin(), verdict.rules.end());
  };
  const FacedPeer far{service ? Peer{question.remote, nullptr} : peer_at(compilation, question.remote),
                      question.protocol, question.port};
  const auto is_always = [&](const net::Ip& ip) {
    return compilation.addresses().is_node(ip) || compilation.pods().owner(ip) == &self;
  };
  if (!service || service->empty()) {
    const TieredVerdict verdict = judge_tiers(side, service ? nullptr : &far, service ? &far : nullptr,
                                              !service && is_always(question.remote));
    add(verdict);
    result.allowed = result.far.allowed = verdict.allowed;
    if (service) result.endpoints.emplace();
  } else {
    std::vector<std::pair<FarEnd, TieredVerdict>> ends;
    for (const auto& [ip, port] : *service) {
      const FacedPeer end{peer_at(compilation, ip), question.protocol, port, /*written=*/false};
      TieredVerdict verdict = judge_tiers(side, &end, &far, is_always(ip));
      const FarEnd far_end{ip, compilation.pods().owner(ip), port, verdict.allowed};
      ends.emplace_back(far_end, std::move(verdict));
    }
    result.allowed =
        std::all_of(ends.begin(), ends.end(), [](const auto& one) { return one.second.allowed; });
    result.endpoints.emplace();
    for (const auto& [end, verdict] : ends) {
      if (verdict.allowed == result.allowed) add(verdict);
      result.endpoints->push_back(end);
    }
    result.far.allowed = false;
  }
  for (const auto& [key, name] : rules) result.rules.push_back(name);
  explain_names(side, far, result);
}

}  // namespace sluice::compile::why
