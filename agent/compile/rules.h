// RuleTable: what each rule set in force allows each identity, as the image's rules.
//
// Laws: an entry is there exactly where it differs from the rule set's default, which it includes. Rule sets
// and identities are content: an entry, once right, stays right while both live. Not thread-safe.
#pragma once

#include <algorithm>
#include <set>
#include <unordered_map>
#include <vector>

#include "agent/compile/identities.h"
#include "agent/compile/image_writer.h"
#include "agent/compile/local_rules.h"

namespace sluice::compile {

class RuleTable {
 public:
  RuleTable(const LocalRules& local, const Identities& identities, ImageWriter& writer)
      : local_(local), identities_(identities), writer_(writer) {}

  // After both have settled.
  void write(const LocalRules::Settled& rulesets, const Identities::Settled& identities);

  // Does the rule set allow this of addresses with the identity?
  bool allows(RulesetId ruleset, IdentityId identity, net::Protocol protocol, net::Port port) const;
  // Calls visit(ruleset) for those that give addresses of this content more than their default, and maybe
  // others.
  template <typename Visit>
  void for_each_ruleset_naming(const IdentityContent& content, Visit visit) const {
    std::vector<RulesetId> found;
    for (PeerSetId peers : content.peers)
      if (auto naming = naming_.find(peers); naming != naming_.end())
        found.insert(found.end(), naming->second.begin(), naming->second.end());
    if (!content.ports.empty()) found.insert(found.end(), naming_ports_.begin(), naming_ports_.end());
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    for (RulesetId ruleset : found) visit(ruleset);
  }

 private:
  void index(RulesetId id, const RulesetContent& content);
  void unindex(RulesetId id, const RulesetContent& content);
  void write(RulesetId ruleset, IdentityId identity, const IdentityContent& content);

  const LocalRules& local_;
  const Identities& identities_;
  ImageWriter& writer_;
  std::unordered_map<PeerSetId, std::set<RulesetId>> naming_;  // rule sets by the peer sets that they name
  std::set<RulesetId> naming_ports_;                           // those that let everyone reach ports by name
};

}  // namespace sluice::compile
