// The smallest NetworkPolicy that allows what was asked.
//
// Laws, of a policy that is applied beside those of the Cluster:
//  1. What was asked is allowed on that side.
//  2. It isolates no pod in a direction in which it was open. One that the Baseline denied leaves the Baseline.
//  3. It selects, at both ends, exactly the pods whose labels are those of the end, save labels that
//     controllers write: it names them all, and of every other that has them too it excludes one more key.
//  4. It opens the asked port alone; where the protocol has none, a NetworkPolicy can only open everything
//     between the two.
//
// Pure functions of a Cluster; any thread.
#pragma once

#include <optional>

#include "agent/explain/misses.h"

namespace sluice::explain {

// Pods of the pod's namespace with exactly its labels, controllers' left out.
model::LabelSelector selector_of(const model::Cluster& cluster, const model::Pod& pod);

// What a rule of a policy in this namespace names to meet the far end: its pods by selector_of(), else its address. None:
// an address that nobody knows yet.
std::optional<model::Peer> peer_for(const model::Cluster& cluster, const std::string& policy_namespace,
                                    const compile::why::FarEnd& far);

// For a pod that is isolated in the contacts' direction, or in the Baseline's hands there. All of them are allowed: they have one pod, direction and
// protocol in common. None where no policy of people can say it: an address that nobody knows yet; a pod that only
// labels of controllers tell apart from one that is open; a namespace in audit, where no policy isolates yet.
std::optional<model::NetworkPolicy> fix_for(const model::Cluster& cluster,
                                            const std::vector<Contact>& contacts);

}  // namespace sluice::explain
