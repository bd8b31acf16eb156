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
    content.for_each([&](PeerSetId peers, const auto&, const PortSpec& ports) {
      for (IdentityId identity : named_by(peers, ports)) visit(identity);
    });
  }
  // Those that give addresses with the identity something else than their default, and maybe others; sorted, unique.
  std::vector<RulesetId> rulesets_naming(IdentityId identity) const;

 private:
  // One rule set's word on one peer set, or on everyone where it names ports.
  struct Naming {
    RulesetId ruleset;
    PeerSetId peers;
    const RulesetContent* tiered =
        nullptr;  // the rule set itself, where it has tiers; `ports` is then any of them
    const PortSpec* ports = nullptr;
    const PortSpec* everyone = nullptr;  // what the rule set lets everyone; nullptr: nothing
    Ref default_ref;
    std::optional<Ref>
        alone;  // of an identity that the rule set names by this peer set only; nullopt: depends
  };
  using Namings = std::vector<const Naming*>;

  const std::unordered_set<IdentityId>& named_by(PeerSetId peers, const PortSpec& ports) const {
    return !peers && !ports.names.empty() ? identities_.with_ports() : identities_.in(peers);
  }
  static std::vector<Naming> namings_of(RulesetId id, const LiveRuleset& live);
  void index(RulesetId id, const LiveRuleset& live);
  void unindex(RulesetId id, const RulesetContent& content);
  // Every naming of the content's peer sets and ports, in the order of rule sets.
  Namings namings_for(const IdentityContent& content) const;
  void write_new(RulesetId id, const LiveRuleset& live);
  // `namings`: all that one rule set says of the identity.
  void write(IdentityId identity, const IdentityContent& content, std::span<const Naming* const> namings);

  std::vector<std::pair<IdentityId, const IdentityContent*>> named_in(const LiveRuleset& live,
                                                                      RulesetId id) const;
  void write_new_tiered(RulesetId id, const LiveRuleset& live);
  // ref: that of `allowed`.
  void write(RulesetId ruleset, IdentityId identity, const IdentityContent& content,
             const image::Portset& allowed, Ref ref, const Ref& by_default);

  const LocalRules& local_;
  const Identities& identities_;
  ImageWriter& writer_;
  std::unordered_map<PeerSetId, std::vector<Naming>> naming_;  // by the peer set that they name
  std::vector<Naming> naming_ports_;                           // those that let everyone reach ports by name
  // Of the identity that is written: what tiers say of it, which many rule sets share.
  std::unordered_map<const content::Tiers*, content::TiersSay> said_;
};

}  // namespace sluice::compile
