// Why: which rules are behind a verdict. For operators; computed when asked for, from what the Compilation holds. Pure
// function of a Compilation after refresh().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/compile/compilation.h"

namespace sluice::compile::why {

// One side of an endpoint of this node, asked about a connection that may be opened.
struct Question {
  model::ObjectName pod;
  model::Direction direction = model::Direction::kIngress;
  net::Ip remote;
  net::Protocol protocol;
  net::Port port;  // the destination's; ignored for protocols without ports
};

// What rules are asked about: the far end of the connection, or one endpoint behind the Service that it names.
struct FarEnd {
  net::Ip ip;
  const model::Pod* pod = nullptr;  // whose address it is; nullptr: no pod's, or a Service's
  net::Port port;                   // the destination's
  bool allowed = false;
};

struct Explanation {
  bool isolated = false;  // or judged by a ClusterNetworkPolicy
  bool allowed = false;
  bool always = false;  // allowed whatever the rules: its own node, or itself (semantics 17, 18)
  // ClusterNetworkPolicies speak of the side; where one decides, `rules` are those that accept or deny (semantics 72).
  bool tiered = false;
  std::vector<std::string>
      isolated_by;  // "namespace/policy", sorted: every policy that isolates it in this direction
  // Of what is allowed: the policies in audit without which it would be denied, were they in force; sorted.
  std::vector<std::string> audited_by;
  std::vector<std::string>
      rules;  // those that allow it, by policy and index; none where it is always allowed
  // Of egress where rules name domains (`names_domains`): the names of the address that the pod wrote; of these those by
  // which `rules` match it, none where they need no name. Sorted.
  bool names_domains = false;
  std::vector<std::string> names, by_names;
  // Of what is denied: a rule that accepts it by a name is asked before the one that denies it, whatever names there are.
  bool name_would_do = false;
  FarEnd far;                                    // a Service's address as it stands
  std::optional<std::vector<FarEnd>> endpoints;  // where `far` is a Service's: those behind it (semantics 21)
};

// An error where the pod is no endpoint of this node. What it points to lives as long as the Compilation is not changed.
base::Result<Explanation> explain(const Compilation& compilation, const Question& question);

}  // namespace sluice::compile::why
