// Ends: who can be told apart by the policies of some clusters, so that what holds for one of a class holds
// for all of it. Pods that no selector, port name or ipBlock tells apart are one class; what lies outside is
// divided by the CIDRs that policies name,
// and by the addresses of domain names that they name.
//
// Pure. The Clusters must outlive it unchanged; any thread.
#pragma once

#include <optional>

#include "agent/rehearse/sides.h"

namespace sluice::rehearse {

using Clusters = std::vector<const model::Cluster*>;

// A pod in one of the clusters.
struct PodThere {
  const model::Pod* pod = nullptr;
  std::vector<net::Ip> ips;  // those that no later pod has taken over, in its order

  std::optional<net::Ip> address(net::Family family) const;
};

struct PodClass {
  std::vector<PodThere> there;          // the first member, in each of the clusters
  std::vector<const model::Pod*> pods;  // its members, in the first of the clusters, by name
  // What its members are called: workloads all of whose pods are here, "shop/deployment/web", and single pods.
  std::vector<std::string> names;
  // Of the workloads among `names` those with two pods, or as many as one likes: they can talk to themselves.
  std::vector<std::string> replicated;
};

// Addresses outside, in `cidr` and in no smaller one that policies name.
struct Region {
  net::Cidr cidr;
  net::Ip ip;  // one of them that is no pod's
};

struct Ends {
  std::vector<PodClass> pods;  // of pods that take part in every one of the clusters
  std::vector<Region> regions;
  std::vector<std::string> left_out;  // pods that do not take part in every one of them, sorted
};

Ends ends_of(const Clusters& clusters);

// The family in which the two meet: the first of `from` that `to` has, as a probe has it (semantics 30).
std::optional<net::Family> family_of(const PodThere& from, const PodThere& to);

}  // namespace sluice::rehearse
