// RuleTable: what each rule set in force allows each identity, as the image's rules.
//
// Laws:
//  1. An entry is there exactly where it differs from the rule set's default, which it includes; of
//     what has a name, where a rule set names domains that match it and something is allowed.
//  2. Rule sets and identities are content: an entry, once right, stays right while both live.
//  3. Work grows with the entries that come and go.
//
// Not thread-safe.
#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "agent/compile/identities.h"
#include "agent/compile/image_writer.h"
#include "agent/compile/local_rules.h"

namespace sluice::compile {

class RuleTable {
 public:
  RuleTable(const LocalRules& local, const Identities& identities, ImageWriter& writer)
      : local_(local), identities_(identities), writer_(writer) {}

  // After refresh() of both.
  void write(const LocalRules::Changes& rulesets, const Identities::Changes& identities);

  // Does the rule set allow this of addresses with the identity?
  bool allows(RulesetId ruleset, IdentityId identity, net::Protocol protocol, net::Port port) const;
  // Calls visit(identity) for those that the rule set gives something else than its default, and maybe others and some
  // twice.
  template <typename Visit>
  void for_each_named_by(const RulesetContent& content, Visit visit) const {
    for (const auto& [peers, entry] : content.rules)
      for (IdentityId identity : named_by(peers, entry.ports)) visit(identity);
    if (content.tiers)
      for (const auto& [peers, places] : content.tiers->standing)
        for (IdentityId identity : named_by(peers, *content.tiers)) visit(identity);
  }
  // Those that give addresses with the identity something else than their default, and maybe others; sorted, unique.
  std::vector<RulesetId> rulesets_naming(IdentityId identity) const;

 private:
  // One rule set's word on one peer set, or on everyone where it names ports; of a rule set with tiers, that it has one.
  struct Naming {
    RulesetId ruleset;
    const RulesetContent* tiered = nullptr;  // the rule set itself, where it has tiers
    const PortSpec* ports = nullptr;         // nothing where tiers name the peer set
    const PortSpec* everyone = nullptr;      // what the rule set lets everyone; nullptr: nothing
    Ref default_ref;
    std::optional<Ref>
        alone;  // of an identity that the rule set names by this peer set only; nullopt: depends
  };
  using Namings = std::vector<const Naming*>;

  const std::unordered_set<IdentityId>& named_by(PeerSetId peers, const PortSpec& ports) const {
    return !peers && !ports.names.empty() ? identities_.with_ports() : identities_.in(peers);
  }
  const std::unordered_set<IdentityId>& named_by(PeerSetId peers, const content::Tiers& tiers) const {
    return !peers && tiers.lets_everyone_reach_names() ? identities_.with_ports() : identities_.in(peers);
  }
  // By its NetworkPolicies' rules.
  static std::vector<std::pair<PeerSetId, Naming>> namings_of(RulesetId id, const LiveRuleset& live);
  void index(RulesetId id, const LiveRuleset& live);
  void unindex(RulesetId id, const RulesetContent& content);
  void index_tiers(RulesetId id, const LiveRuleset& live);
  void unindex_tiers(RulesetId id, const content::Tiers& tiers);
  // Those whose tiers or policies name the peer set; some twice.
  template <typename Visit>
  void for_each_naming(PeerSetId peers, Visit visit) const;
  // Every naming of the content's peer sets and ports, in the order of rule sets.
  Namings namings_for(const IdentityContent& content) const;
  void write_new(RulesetId id, const LiveRuleset& live);
  // `namings`: all that one rule set says of the identity.
  void write(IdentityId identity, const IdentityContent& content, std::span<const Naming* const> namings);

  std::vector<std::pair<IdentityId, const IdentityContent*>> named_in(const LiveRuleset& live) const;
  void write_new_tiered(RulesetId id, const LiveRuleset& live);
  // ref: that of `allowed`.
  void write(RulesetId ruleset, IdentityId identity, const IdentityContent& content,
             const image::Portset& allowed, Ref ref, const Ref& by_default);

  const LocalRules& local_;
  const Identities& identities_;
  ImageWriter& writer_;
  std::unordered_map<PeerSetId, std::vector<Naming>> naming_;  // by the peer set that policies name
  std::vector<Naming> naming_ports_;                           // those that let everyone reach ports by name
  // The rule sets that share tiers.
  struct Sharing {
    std::vector<Naming> rulesets;
    mutable uint64_t found_in = 0;  // the last of search_ that came upon it
  };
  std::unordered_map<const content::Tiers*, Sharing> with_tiers_;
  std::unordered_map<PeerSetId, std::vector<const Sharing*>>
      tiers_naming_;             // by the peer set that their tiers name
  mutable uint64_t search_ = 0;  // of namings_for()
  // Of the identity that is written: what tiers say of it, which many rule sets share.
  std::unordered_map<const content::Tiers*, content::TiersSay> said_;
};

}  // namespace sluice::compile
