// Worlds, questions and changes drawn at random, for differential and sequence tests: built so that corner
// cases meet (labels and ports from small pools, CIDRs that end next to addresses that exist, IPs reused,
// Services on node addresses, ...). Drawn small, they fit on a page; shrink.h makes them smaller still.
//
// Laws: the same arguments give the same value on every machine and compiler. Every cluster is one that the
// Kubernetes API would accept. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "agent/model/probe.h"
#include "agent/reference/echoes.h"
#include "agent/reference/sources.h"

namespace sluice::oracle {

// `pods` pods (1 or more) and, in proportion, nodes, namespaces, Services, slices and policies.
model::Cluster random_cluster(uint64_t seed, int pods);

// The same with ClusterNetworkPolicies of both tiers and labels of nodes. None of their rules is closed: that is what
// agent/source makes of a policy that it cannot read.
model::Cluster with_tiers(model::Cluster cluster, uint64_t seed);

// `count` probes, mostly of what the cluster makes interesting: pod to pod, to itself, to its node, to
// Services; ports and addresses at the borders of ranges and CIDRs; ICMP and other protocols. A few make no
// sense.
std::vector<model::Probe> random_probes(const model::Cluster& cluster, uint64_t seed, size_t count);

// `count` packets that pods send from their own addresses, others', prefixes that they were given and such as
// stand beside them, and from their link; nearly half of them pass. None where no pod takes part.
std::vector<reference::Sending> random_sendings(const model::Cluster& cluster, uint64_t seed, size_t count);

// `count` packets between few pairs of ends, a third of them after changes: requests, replies to them and to
// nothing, with the right identifier and others, asked by either end. None where no pod takes part.
reference::Echoes random_echoes(const model::Cluster& cluster, uint64_t seed, size_t count);

// One thing that happens to a cluster, as the one or more changes that it makes: a pod comes, goes, finishes,
// is relabelled or takes over an IP; a namespace, policy, Service, slice or node changes; where there are
// ClusterNetworkPolicies, these too. Never empty.
std::vector<model::Change> random_change(const model::Cluster& cluster, uint64_t seed);

}  // namespace sluice::oracle
