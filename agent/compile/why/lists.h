// What there is: rule sets and identities, with the rules and peers behind them. For operators; computed when asked for.
// Pure functions of a Compilation after refresh().
#pragma once

#include <string>
#include <vector>

#include "agent/compile/compilation.h"

namespace sluice::compile::why {

struct RulesetInfo {
  RulesetId id;
  model::Direction direction = model::Direction::kIngress;
  std::vector<std::string> rules;      // "namespace/policy:ingress[0]", "Admin/policy:ingress[0]", sorted
  std::vector<std::string> endpoints;  // "namespace/pod", sorted
};

struct IdentityInfo {
  IdentityId id;
  std::vector<std::string> peers;  // the peer sets that hold it, as text
  std::vector<std::string> ports;  // "http=8080/TCP": what the port names in rules mean for it
  size_t addresses =
      0;  // entries of the address and prefix tables, and addresses by their names, that have it
  std::vector<std::string> sample;  // the first few of them
};

std::vector<RulesetInfo> rulesets_of(const Compilation& compilation);     // sorted by id
std::vector<IdentityInfo> identities_of(const Compilation& compilation);  // sorted by id
std::string to_text(const PeerSet& peers);

}  // namespace sluice::compile::why
