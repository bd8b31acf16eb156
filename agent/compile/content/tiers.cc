// The tiers of a rule set, gone through in their order (content.h).
#include <algorithm>
#include <utility>

#include "agent/compile/content/content.h"

namespace sluice::compile::content {
namespace {

using image::Portset;
using model::Action;

bool is_among(PeerSetId peers, const std::vector<PeerSetId>& sorted) {
  return !peers || std::binary_search(sorted.begin(), sorted.end(), peers);
}

Portset portset_of(const PortSpec& spec, const IdentityContent& identity) {
  return spec.all ? Portset::everything() : resolved(spec, identity.ports).numbers;
}

Portset common(Portset a, const Portset& b) {
  Portset only_in_a = a;
  only_in_a.remove(b);
  a.remove(only_in_a);
  return a;
}

// What no rule has decided, what of it passes on to the next tier, and what is allowed.
struct Folding {
  Portset open = Portset::everything(), passed, allowed;

  void apply(const TierRule& rule, const IdentityContent& identity) {
    const Portset matched = common(portset_of(rule.ports, identity), open);
    open.remove(matched);
    if (rule.action == Action::kAccept) allowed.add(matched);
    if (rule.action == Action::kPass) passed.add(matched);
  }
  void next_tier() {
    open.add(passed);
    passed = {};
  }
};

// By its NetworkPolicies.
Portset allowed_by_rules(const RulesetContent& ruleset, const IdentityContent& identity) {
  Portset allowed;
  if (const PortSpec* everyone = ruleset.of({})) allowed.add(portset_of(*everyone, identity));
  for (PeerSetId peers : identity.peers)
    if (const PortSpec* ports = ruleset.of(peers)) allowed.add(portset_of(*ports, identity));
  return allowed;
}

bool holds(const PortSpec& spec, const Face& face) {
  if (spec.all || spec.numbers.contains(face.protocol, face.port)) return true;
  return std::any_of(face.identity.ports.begin(), face.identity.ports.end(),
                     [&](const model::ContainerPort& port) {
                       return port.protocol == face.protocol && port.port == face.port &&
                              spec.names.contains({port.name, port.protocol});
                     });
}

bool matches(const TierRule& rule, const Face* face) {
  return face != nullptr && is_among(rule.peers, face->identity.peers) && holds(rule.ports, *face);
}

bool rules_allow(const RulesetContent& ruleset, const Face* face) {
  if (face == nullptr) return false;
  if (const PortSpec* everyone = ruleset.of({}); everyone && holds(*everyone, *face)) return true;
  return std::any_of(face->identity.peers.begin(), face->identity.peers.end(), [&](PeerSetId peers) {
    const PortSpec* ports = ruleset.of(peers);
    return ports && holds(*ports, *face);
  });
}

}  // namespace

Ref ref_of(const image::Portset& allowed) {
  return allowed == image::Portset::everything() ? Ref::all() : Ref::ports(allowed.id());
}

Tiers::Tiers(TierRules admin, TierRules baseline) : rules{std::move(admin), std::move(baseline)} {
  uint32_t place = 0;
  for (const TierRules& tier : rules)
    for (const auto& rule : tier) {
      standing[rule->peers].push_back(place++);
      everyone_by_names_ = everyone_by_names_ || (!rule->peers && !rule->ports.names.empty());
    }
}

std::vector<uint32_t> Tiers::places_of(std::initializer_list<const IdentityContent*> identities) const {
  std::vector<uint32_t> found;
  const auto add_those_of = [&](PeerSetId peers) {
    if (auto at = standing.find(peers); at != standing.end())
      found.insert(found.end(), at->second.begin(), at->second.end());
  };
  add_those_of({});
  for (const IdentityContent* identity : identities)
    if (identity != nullptr)
      for (PeerSetId peers : identity->peers) add_those_of(peers);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

const TierRule& Tiers::rule(uint32_t place) const {
  return is_baseline(place) ? *rules[1][place - rules[0].size()] : *rules[0][place];
}

bool Tiers::operator==(const Tiers& other) const {
  const auto same = [](const TierRules& a, const TierRules& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& another) {
      return one == another || *one == *another;
    });
  };
  return same(rules[0], other.rules[0]) && same(rules[1], other.rules[1]);
}

bool RulesetContent::operator==(const RulesetContent& other) const {
  return direction == other.direction && rules == other.rules && isolated == other.isolated &&
         (tiers == other.tiers || (tiers && other.tiers && *tiers == *other.tiers));
}

TiersSay said_by(const Tiers& tiers, const IdentityContent& identity) {
  const std::vector<uint32_t> places = tiers.places_of({&identity});
  Folding folding;
  auto place = places.begin();
  for (; place != places.end() && !tiers.is_baseline(*place); ++place)
    folding.apply(tiers.rule(*place), identity);
  folding.next_tier();
  TiersSay said{std::exchange(folding.allowed, {}), folding.open, {}};
  for (; place != places.end(); ++place) folding.apply(tiers.rule(*place), identity);
  folding.next_tier();
  said.baseline = std::move(folding.allowed);
  said.baseline.add(folding.open);
  return said;
}

Portset folded(const RulesetContent& ruleset, const IdentityContent& identity, const TiersSay& said) {
  Portset allowed = said.admin;
  allowed.add(ruleset.isolated ? common(allowed_by_rules(ruleset, identity), said.open) : said.baseline);
  return allowed;
}

bool admits(const RulesetContent& ruleset, const Face* end, const Face* written, bool itself) {
  const Tiers& tiers = *ruleset.tiers;
  const std::vector<uint32_t> places =
      tiers.places_of({end ? &end->identity : nullptr, written ? &written->identity : nullptr});
  // The action of the first rule that matches in a tier.
  const auto first_of = [&](bool baseline) {
    for (uint32_t place : places)
      if (const TierRule& rule = tiers.rule(place);
          tiers.is_baseline(place) == baseline && (matches(rule, end) || matches(rule, written)))
        return rule.action;
    return Action::kPass;
  };
  if (const Action admin = first_of(false); admin != Action::kPass) return admin == Action::kAccept;
  if (ruleset.isolated) return itself || rules_allow(ruleset, end) || rules_allow(ruleset, written);
  return first_of(true) != Action::kDeny;
}

}  // namespace sluice::compile::content
