// The brute-force evaluator: docs/semantics.md read aloud, one probe at a time, over the decoded
// objects. It is the referee of the other engines.
//
// Laws:
//  1. It shares nothing with the compiler but agent/model.
//  2. It prefers being plainly right to being quick: a few microseconds a policy of the pod's
//     namespace, and no state but who owns which address.
//  3. It is deterministic; the order of objects never matters.
//
// Immutable; any thread. The Cluster must outlive it.
#pragma once

#include <set>
#include <utility>

#include "agent/model/probe.h"
#include "agent/reference/rule_match.h"
#include "agent/reference/services.h"
#include "agent/reference/sources.h"
#include "agent/reference/tiers.h"

namespace sluice::reference {

using model::Answer;
using model::Party;
using model::Probe;
using model::Side;
using model::Verdict;

class Reference {
 public:
  explicit Reference(const model::Cluster& cluster) : cluster_(cluster), addresses_(cluster) {}

  // The far side of a Service address is `none`. *_rules name every rule that allowed, by policy and index;
  // for a Service, those that allowed its address as it stands and, where all endpoints are allowed, any of
  // them. What is always allowed (semantics 17 and 18) names no rule. Where a ClusterNetworkPolicy decides it is its
  // rule alone, denials too (semantics 72). An error where the probe makes no sense (model::resolve).
  base::Result<Answer> evaluate(const Probe& probe) const;
  // What becomes of a packet on its way out of the pod.
  Verdict evaluate(const Sending& sending) const;

 private:
  using Policies = std::vector<const model::NetworkPolicy*>;
  using Rules = std::set<std::pair<model::ObjectName, size_t>>;  // policy and index
  struct Opinion {
    Side side = Side::kNone;
    Rules rules;
  };

  bool is_in_audit(const model::NetworkPolicy& policy) const;
  Policies isolating(const model::Pod& pod, model::Direction direction) const;
  Rules allowing(const Policies& policies, model::Direction direction, const Contact& contact) const;
  Opinion egress_of(const model::Pod& pod, const model::ResolvedProbe& probe) const;
  std::optional<std::vector<Backend>> behind(const model::Pod* source,
                                             const model::ResolvedProbe& probe) const;
  bool is_own_node(const model::Pod& pod, const model::ProbeEnd& peer) const;
  // The tiers, one after the other (semantics 42).
  Opinion judge(const model::Pod& pod, model::Direction direction, const Faces& faces) const;
  Opinion judge_by_policies(const model::Pod& pod, const Policies& policies, model::Direction direction,
                            const Faces& faces) const;
  Opinion judge(const model::Pod& pod, model::Direction direction, const Contact& contact) const;
  Opinion judge_tiers_of_service(const model::Pod& pod, const Contact& written,
                                 const std::vector<Contact>& ends) const;
  Opinion judge_service(const model::Pod& pod, const model::ResolvedProbe& probe,
                        const std::vector<Backend>& backends) const;

  const model::Cluster& cluster_;
  model::PodAddresses addresses_;
};

// One probe of one cluster. For many probes of the same cluster make a Reference.
base::Result<Answer> evaluate(const model::Cluster& cluster, const Probe& probe);

}  // namespace sluice::reference
