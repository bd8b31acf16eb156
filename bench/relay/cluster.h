// The cluster of bench_relay: a hundred pods a node, each ten of them replicas of one workload anywhere in the cluster;
// who may reach a workload and whom it may reach is said by two policies each. And its changes.
#pragma once

#include "tests/kubeapi/world.h"

namespace sluice::bench {

struct ClusterSize {
  int nodes = 1'000, pods_a_node = 100;
  int pods() const { return nodes * pods_a_node; }
};

void fill(kubeapi::World& world, const ClusterSize& size);

// A pod that each node has to know, of Prometheus, by an admin policy that lets it in everywhere.
void put_scraper(kubeapi::World& world, int number);
// A policy for all pods.
void put_policy_for_all(kubeapi::World& world, int number);
void remove_policy_for_all(kubeapi::World& world, int number);
std::string name_of_scraper(int number);
std::string name_of_policy(int number);

// What goes on all the time: pods turn unready and ready again, and come anew with another address.
void flip_readiness(kubeapi::World& world, const ClusterSize& size, int step);
void replace_pod(kubeapi::World& world, const ClusterSize& size, int step);

}  // namespace sluice::bench
