#include "agent/compile/rules.h"

namespace sluice::compile {

void RuleTable::write(const LocalRules::Settled& rulesets, const Identities::Settled& identities) {
  for (const auto& [id, content] : rulesets.died) {
    unindex(id, content);
    writer_.remove_rules(id);
  }
  for (const auto& [id, content] : identities.died)
    for_each_ruleset_naming(content, [&, gone = id](RulesetId ruleset) {
      writer_.set_rule({ruleset, gone}, std::nullopt);
    });
  for (IdentityId id : identities.born) {
    const IdentityContent& content = identities_.content(id);
    for_each_ruleset_naming(content, [&](RulesetId ruleset) { write(ruleset, id, content); });
  }
  for (RulesetId id : rulesets.born) {
    const RulesetContent& content = local_.ruleset(id)->content;
    index(id, content);
    std::set<IdentityId> named;
    for (const auto& [peers, entry] : content.rules) {
      const auto& in =
          !peers && !entry.ports.names.empty() ? identities_.with_ports() : identities_.in(peers);
      named.insert(in.begin(), in.end());
    }
    for (IdentityId identity : named) write(id, identity, identities_.content(identity));
  }
}

bool RuleTable::allows(RulesetId ruleset, IdentityId identity, net::Protocol protocol, net::Port port) const {
  const Ref* own = identity ? writer_.find_rule({ruleset, identity}) : nullptr;
  return writer_.allows(own ? *own : local_.ruleset(ruleset)->default_ref, protocol, port);
}

void RuleTable::index(RulesetId id, const RulesetContent& content) {
  for (const auto& [peers, entry] : content.rules) {
    if (peers) naming_[peers].insert(id);
    if (!peers && !entry.ports.names.empty()) naming_ports_.insert(id);
  }
}

void RuleTable::unindex(RulesetId id, const RulesetContent& content) {
  naming_ports_.erase(id);
  for (const auto& [peers, entry] : content.rules) {
    auto naming = naming_.find(peers);
    if (naming == naming_.end()) continue;
    naming->second.erase(id);
    if (naming->second.empty()) naming_.erase(naming);
  }
}

void RuleTable::write(RulesetId ruleset, IdentityId identity, const IdentityContent& content) {
  const LiveRuleset& live = *local_.ruleset(ruleset);
  PortSpec sum;
  if (const PortSpec* everyone = live.content.of({})) sum = resolved(*everyone, content.ports);
  for (PeerSetId peers : content.peers)
    if (const PortSpec* ports = live.content.of(peers)) sum.add(resolved(*ports, content.ports));
  const Ref ref = sum.all ? Ref::all() : Ref::ports(sum.numbers.id());
  writer_.set_rule({ruleset, identity}, ref == live.default_ref ? std::nullopt : std::optional(ref),
                   sum.numbers);
}

}  // namespace sluice::compile
