#include "agent/compile/rules.h"

#include <algorithm>
#include <utility>

#include "agent/compile/content/fold.h"

namespace sluice::compile {
namespace {

// Calls visit(part) for each run of neighbours that `same` holds of.
template <typename T, typename Same, typename Visit>
void for_each_run(const std::vector<T>& list, Same same, Visit visit) {
  for (auto first = list.begin(); first != list.end();) {
    const auto last = std::find_if(first, list.end(), [&](const T& one) { return !same(*first, one); });
    visit(std::span<const T>(first, last));
    first = last;
  }
}

bool names_any(const RulesetContent& ruleset, const std::vector<PeerSetId>& sets) {
  return std::any_of(sets.begin(), sets.end(),
                     [&](PeerSetId peers) { return ruleset.tiers->standing.contains(peers); });
}

}  // namespace

void RuleTable::write(const LocalRules::Changes& rulesets, const Identities::Changes& identities) {
  const auto of_one_ruleset = [](const Naming* a, const Naming* b) { return a->ruleset == b->ruleset; };
  for (const auto& [id, content] : identities.removed)
    for_each_run(namings_for(content), of_one_ruleset, [&, gone = id](std::span<const Naming* const> run) {
      writer_.set_rule({run.front()->ruleset, gone}, std::nullopt);
    });
  for (const auto& [id, content] : rulesets.removed) {
    unindex(id, content);
    for_each_named_by(content, [&, gone = id](IdentityId identity) {
      writer_.set_rule({gone, identity}, std::nullopt);
    });
  }
  for (IdentityId id : identities.added) {
    const IdentityContent& content = identities_.content(id);
    said_.clear();
    for_each_run(namings_for(content), of_one_ruleset,
                 [&](std::span<const Naming* const> run) { write(id, content, run); });
  }
  for (RulesetId id : rulesets.added) {
    const LiveRuleset& live = *local_.ruleset(id);
    write_new(id, live);
    index(id, live);
  }
  writer_.write_rules();
}

bool RuleTable::allows(RulesetId ruleset, IdentityId identity, net::Protocol protocol, net::Port port) const {
  const Ref* own = identity ? writer_.find_rule({ruleset, identity}) : nullptr;
  return writer_.allows(own ? *own : local_.ruleset(ruleset)->default_ref, protocol, port);
}

std::vector<RulesetId> RuleTable::rulesets_naming(IdentityId identity) const {
  std::vector<RulesetId> rulesets;
  if (!identity || !identities_.knows(identity)) return rulesets;
  for (const Naming* naming : namings_for(identities_.content(identity)))
    if (rulesets.empty() || rulesets.back() != naming->ruleset) rulesets.push_back(naming->ruleset);
  return rulesets;
}

std::vector<std::pair<PeerSetId, RuleTable::Naming>> RuleTable::namings_of(RulesetId id,
                                                                           const LiveRuleset& live) {
  std::vector<std::pair<PeerSetId, Naming>> namings;
  const RulesetContent& content = live.content;
  const RulesetContent* tiered = content.tiers ? &content : nullptr;
  const PortSpec* everyone = content.of({});
  for (const auto& [peers, entry] : content.rules) {
    Naming naming{id, tiered, &entry.ports, everyone, live.default_ref, {}};
    if (tiered == nullptr && everyone == nullptr && entry.ports.names.empty())
      naming.alone = entry.ports.all ? Ref::all() : Ref::ports(entry.ports.numbers.id());
    namings.emplace_back(peers, naming);
  }
  return namings;
}

void RuleTable::index(RulesetId id, const LiveRuleset& live) {
  for (const auto& [peers, naming] : namings_of(id, live)) {
    if (peers) naming_[peers].push_back(naming);
    if (!peers && !naming.ports->names.empty()) naming_ports_.push_back(naming);
  }
  if (live.content.tiers) index_tiers(id, live);
}

void RuleTable::index_tiers(RulesetId id, const LiveRuleset& live) {
  const content::Tiers& tiers = *live.content.tiers;
  const Naming naming{id, &live.content, nullptr, nullptr, live.default_ref, {}};
  Sharing& sharing = with_tiers_[&tiers];
  if (sharing.rulesets.empty())
    for (const auto& [peers, places] : tiers.standing)
      if (peers) tiers_naming_[peers].push_back(&sharing);
  sharing.rulesets.push_back(naming);
  if (tiers.lets_everyone_reach_names()) naming_ports_.push_back(naming);
}

void RuleTable::unindex(RulesetId id, const RulesetContent& content) {
  const auto is_its = [&](const Naming& naming) { return naming.ruleset == id; };
  std::erase_if(naming_ports_, is_its);
  for (const auto& [peers, entry] : content.rules) {
    auto naming = naming_.find(peers);
    if (naming == naming_.end()) continue;
    std::erase_if(naming->second, is_its);
    if (naming->second.empty()) naming_.erase(naming);
  }
  if (content.tiers) unindex_tiers(id, *content.tiers);
}

void RuleTable::unindex_tiers(RulesetId id, const content::Tiers& tiers) {
  const auto sharing = with_tiers_.find(&tiers);
  if (sharing == with_tiers_.end()) return;
  std::erase_if(sharing->second.rulesets, [&](const Naming& naming) { return naming.ruleset == id; });
  if (!sharing->second.rulesets.empty()) return;
  for (const auto& [peers, places] : tiers.standing) {
    const auto naming = tiers_naming_.find(peers);
    if (naming == tiers_naming_.end()) continue;
    std::erase(naming->second, &sharing->second);
    if (naming->second.empty()) tiers_naming_.erase(naming);
  }
  with_tiers_.erase(sharing);
}

template <typename Visit>
void RuleTable::for_each_naming(PeerSetId peers, Visit visit) const {
  if (const auto naming = naming_.find(peers); naming != naming_.end())
    for (const Naming& one : naming->second) visit(one);
  if (const auto naming = tiers_naming_.find(peers); naming != tiers_naming_.end())
    for (const Sharing* sharing : naming->second)
      for (const Naming& one : sharing->rulesets) visit(one);
}

RuleTable::Namings RuleTable::namings_for(const IdentityContent& content) const {
  Namings found;
  ++search_;
  for (PeerSetId peers : content.peers) {
    if (const auto naming = naming_.find(peers); naming != naming_.end())
      for (const Naming& one : naming->second) found.push_back(&one);
    if (const auto naming = tiers_naming_.find(peers); naming != tiers_naming_.end())
      for (const Sharing* sharing : naming->second)
        if (std::exchange(sharing->found_in, search_) != search_)
          for (const Naming& one : sharing->rulesets) found.push_back(&one);
  }
  if (!content.ports.empty())
    for (const Naming& one : naming_ports_) found.push_back(&one);
  if (!content.by_name.empty()) {
    std::unordered_set<RulesetId> naming;  // domains that match
    for (PeerSetId peers : content.by_name)
      for_each_naming(peers, [&](const Naming& one) { naming.insert(one.ruleset); });
    std::erase_if(found, [&](const Naming* one) { return !naming.contains(one->ruleset); });
  }
  std::sort(found.begin(), found.end(),
            [](const Naming* a, const Naming* b) { return a->ruleset < b->ruleset; });
  return found;
}

// All that a rule set with tiers may give something else than its default. Each may be named by many rules: where that
// makes more than there are altogether, all that are live are.
std::vector<std::pair<IdentityId, const IdentityContent*>> RuleTable::named_in(
    const LiveRuleset& live) const {
  std::vector<std::pair<IdentityId, const IdentityContent*>> found;
  const auto add = [&](IdentityId identity, const IdentityContent& content) {
    if (content.by_name.empty() || names_any(live.content, content.by_name))
      found.emplace_back(identity, &content);
  };
  size_t named = 0;
  for (const auto& [peers, entry] : live.content.rules) named += named_by(peers, entry.ports).size();
  for (const auto& [peers, places] : live.content.tiers->standing)
    named += named_by(peers, *live.content.tiers).size();
  if (named >= identities_.live()) {
    identities_.for_each_live(add);
    return found;
  }
  for_each_named_by(live.content, [&](IdentityId identity) { add(identity, identities_.content(identity)); });
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

void RuleTable::write_new_tiered(RulesetId id, const LiveRuleset& live) {
  const auto named = named_in(live);
  std::vector<const IdentityContent*> contents;
  contents.reserve(named.size());
  for (const auto& [identity, content] : named) contents.push_back(content);
  Fold fold(live.content, contents);
  for (const auto& [identity, content] : named) {
    const Fold::Answer& answer = fold.of(*content);
    write(id, identity, *content, answer.allowed, answer.ref, live.default_ref);
  }
}

void RuleTable::write_new(RulesetId id, const LiveRuleset& live) {
  if (live.content.tiers) return write_new_tiered(id, live);
  const auto namings = namings_of(id, live);
  std::vector<std::pair<IdentityId, const Naming*>> named;
  for (const auto& [peers, naming] : namings)
    for (IdentityId identity : named_by(peers, *naming.ports)) named.emplace_back(identity, &naming);
  std::sort(named.begin(), named.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto of_one_identity = [](const auto& a, const auto& b) { return a.first == b.first; };
  Namings of_one;
  for_each_run(named, of_one_identity, [&](std::span<const std::pair<IdentityId, const Naming*>> run) {
    of_one.clear();
    for (const auto& [identity, one] : run) of_one.push_back(one);
    const IdentityContent& content = identities_.content(run.front().first);
    if (content.by_name.empty()) write(run.front().first, content, of_one);  // none of these names domains
  });
}

void RuleTable::write(IdentityId identity, const IdentityContent& content,
                      std::span<const Naming* const> namings) {
  const Naming& first = *namings.front();
  if (namings.size() == 1 && first.alone) {
    writer_.set_rule({first.ruleset, identity}, *first.alone, first.ports->numbers);
    return;
  }
  if (first.tiered != nullptr) {
    const auto [said, is_new] = said_.try_emplace(first.tiered->tiers.get());
    if (is_new) said->second = said_by(*first.tiered->tiers, content);
    const image::Portset allowed = folded(*first.tiered, content, said->second);
    return write(first.ruleset, identity, content, allowed, ref_of(allowed), first.default_ref);
  }
  PortSpec sum;
  if (first.everyone != nullptr) sum = resolved(*first.everyone, content.ports);
  for (const Naming* naming : namings) sum.add(resolved(*naming->ports, content.ports));
  const Ref ref = sum.all ? Ref::all() : Ref::ports(sum.numbers.id());
  writer_.set_rule({first.ruleset, identity}, ref == first.default_ref ? std::nullopt : std::optional(ref),
                   sum.numbers);
}

// Of a rule set with tiers, which may give less than its default too.
// NOLINTNEXTLINE(readability-function-size): a rule's key, and what stands there
void RuleTable::write(RulesetId ruleset, IdentityId identity, const IdentityContent& content,
                      const image::Portset& allowed, Ref ref, const Ref& by_default) {
  const image::RuleKey key{ruleset, identity};
  if (!content.by_name.empty())
    return writer_.set_rule(key, ref == Ref::none() ? std::nullopt : std::optional(ref), allowed);
  if (ref == Ref::none() && by_default != Ref::none()) ref = Ref::nothing();
  writer_.set_rule(key, ref == by_default ? std::nullopt : std::optional(ref), allowed);
}

}  // namespace sluice::compile
