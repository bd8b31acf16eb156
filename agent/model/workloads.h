// Workloads (Deployment, StatefulSet, …) as pods-to-be: what people keep in repositories has templates in
// place of pods with addresses. Offline only; an agent judges pods alone.
//
// Laws:
//  1. A workload takes part under the name NAMESPACE/KIND/NAME ("shop/deployment/web"), one pod whatever its
//     replicas, with its template's labels and container ports; so does a Pod without address, as itself.
//  2. Not where pods with addresses are there that it owns, nor where the cluster holds its owner, which
//     then stands for its pods. A hostNetwork one is there by name and takes no part.
//  3. The addresses that stand for those that nobody knows yet are of kPlaceholders. No ipBlock covers them
//     but one of a whole family without `except`, and a Service without clusterIP has one too.
//
// Pure; any thread.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/model/cluster.h"

namespace sluice::model {

struct WorkloadKind {
  std::string_view kind, api_version;
  std::string_view name;        // in NAMESPACE/KIND/NAME
  std::string_view short_name;  // read there too, as kubectl has it; empty: none
};
inline constexpr std::array<WorkloadKind, 7> kWorkloadKinds = {
    {{"Deployment", "apps/v1", "deployment", "deploy"},
     {"StatefulSet", "apps/v1", "statefulset", "sts"},
     {"DaemonSet", "apps/v1", "daemonset", "ds"},
     {"ReplicaSet", "apps/v1", "replicaset", "rs"},
     {"ReplicationController", "v1", "replicationcontroller", "rc"},
     {"Job", "batch/v1", "job", ""},
     {"CronJob", "batch/v1", "cronjob", "cj"}}};
const WorkloadKind* workload_kind(std::string_view kind, std::string_view api_version);  // nullptr: none
// By the name in NAMESPACE/KIND/NAME, short or not: "deployment" of "deploy"; empty: none.
std::string_view workload_kind_named(std::string_view name);

struct Workload {
  ObjectName name;         // {"shop", "deployment/web"}
  std::string controller;  // "cronjob/report", of the ownerReference that controls it; empty: none
  Pod pod;                 // as its template has it, without address; its name is the workload's
};

// Of the workload that a pod belongs to, "deployment/web"; empty: it stands alone. A ReplicaSet's name that ends in the
// pod's pod-template-hash is a Deployment's and the hash.
std::string workload_of(const Pod& pod);

// Labels that controllers add to pods and that no policy of people should select by.
bool is_controllers_label(std::string_view key);

// Addresses of nobody: "this network" (RFC 1122 3.2.1.3) and the discard-only prefix (RFC 6666).
extern const std::array<net::Cidr, 2> kPlaceholders;
bool is_placeholder(const net::Ip& ip);

// A workload to itself is two of its replicas: the second of its pods that have addresses, or one more pod-to-be, which
// the cluster then holds. None: `name` is no workload, or has one pod alone.
std::optional<ObjectName> another_replica(Cluster& cluster, const ObjectName& name);

// The cluster with its workloads as pods. Pods with addresses that they own get them as controllers.
Cluster with_workloads(Cluster cluster, std::vector<Workload> workloads);

}  // namespace sluice::model
