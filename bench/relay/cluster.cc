#include "bench/relay/cluster.h"

#include <boost/json.hpp>

namespace sluice::bench {
namespace {

using kubeapi::Json;
using kubeapi::World;
using model::Kind;

constexpr int kReplicas = 10, kWorkloads = 10;  // of a workload, of a namespace

std::string text(int number) {
  return std::to_string(number);
}
Json json(const std::string& written) {
  return boost::json::parse(written).as_object();
}

struct Place {
  int pod, workload, ns, node;
};
// Replicas of a workload are spread over the nodes.
Place place_of(const ClusterSize& size, int pod) {
  const int workload = pod / kReplicas;
  const int64_t spread = int64_t{pod} * 7919;  // a prime
  return {pod, workload, workload / kWorkloads, static_cast<int>(spread % size.nodes)};
}
std::string ns_of(int ns) {
  return "team-" + text(ns);
}
std::string app_of(int workload) {
  return "app-" + text(workload % kWorkloads);
}
std::string ip_of(int pod, int generation) {
  return "10." + text(pod / 65'025 + 2 * generation) + "." + text(pod / 255 % 255) + "." + text(pod % 255);
}

// As pods are written: a label of their replica set, an owner, a container with a port, conditions.
void put_pod(World& world, const ClusterSize& size, int pod, int generation, bool ready) {
  const Place at = place_of(size, pod);
  const std::string ip = ip_of(pod, generation), app = app_of(at.workload);
  const std::string name = app + "-7d9f8b6c5-" + text(pod);
  world.put(Kind::kPod,
            json(R"({"metadata": {"namespace": ")" + ns_of(at.ns) + R"(", "name": ")" + name +
                 R"(", "uid": "0c5d7e1a-)" + text(pod) + R"(", "creationTimestamp": "2026-01-01T00:00:00Z",
  "labels": {"app": ")" +
                 app + R"(", "pod-template-hash": "7d9f8b6c5", "app.kubernetes.io/part-of": "shop"},
  "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": ")" +
                 app +
                 R"(-7d9f8b6c5", "uid": "f", "controller": true}]},
  "spec": {"nodeName": "node-)" +
                 text(at.node) + R"(", "containers": [{"name": "c", "image": "shop/app:1",
    "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]}]},
  "status": {"phase": "Running", "podIP": ")" +
                 ip + R"(", "podIPs": [{"ip": ")" + ip + R"("}],
    "conditions": [{"type": "Ready", "status": ")" +
                 (ready ? "True" : "False") + R"("}]}})"));
}

void put_policies(World& world, int workload) {
  const std::string ns = ns_of(workload / kWorkloads), app = app_of(workload);
  const std::string next = app_of(workload + 1), before = app_of(workload + kWorkloads - 1);
  world.put(
      Kind::kNetworkPolicy, json(R"({"metadata": {"namespace": ")" + ns + R"(", "name": ")" + app +
                                 R"(-in"}, "spec": {"podSelector": {"matchLabels": {"app": ")" + app +
                                 R"("}}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector":
    {"matchLabels": {"app": ")" + before +
                                 R"("}}}], "ports": [{"protocol": "TCP", "port": 8080}]}]}})"));
  world.put(Kind::kNetworkPolicy, json(R"({"metadata": {"namespace": ")" + ns + R"(", "name": ")" + app +
                                       R"(-out"}, "spec": {"podSelector": {"matchLabels": {"app": ")" + app +
                                       R"("}}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector":
    {"matchLabels": {"app": ")" + next +
                                       R"("}}}]}, {"ports": [{"protocol": "UDP", "port": 53}]}]}})"));
}

// Of the namespace's first workload.
void put_service(World& world, int ns) {
  const std::string name = ns_of(ns), ip = "172.20." + text(ns / 255) + "." + text(ns % 255);
  world.put(Kind::kService, json(R"({"metadata": {"namespace": ")" + name +
                                 R"(", "name": "front"}, "spec": {"clusterIP": ")" + ip +
                                 R"(", "clusterIPs": [")" + ip + R"("], "selector": {"app": "app-0"},
    "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}]}})"));
  std::string endpoints;
  for (int i = 0; i < kReplicas; ++i)
    endpoints += std::string(i > 0 ? "," : "") + R"({"addresses": [")" +
                 ip_of(ns * kReplicas * kWorkloads + i, 0) + R"("], "conditions": {"ready": true}})";
  world.put(
      Kind::kEndpointSlice,
      json(R"({"metadata": {"namespace": ")" + name +
           R"(", "name": "front-1", "labels": {"kubernetes.io/service-name": "front"}}, "addressType": "IPv4",
    "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}], "endpoints": [)" +
           endpoints + "]}"));
}

}  // namespace

std::string name_of_scraper(int number) {
  return "prometheus-" + text(number);
}
std::string name_of_policy(int number) {
  return "for-all-" + text(number);
}

void put_scraper(World& world, int number) {
  const std::string ip = "10.200." + text(number / 255) + "." + text(number % 255);
  world.put(Kind::kPod,
            json(R"({"metadata": {"namespace": "monitoring", "name": ")" + name_of_scraper(number) +
                 R"(", "labels": {"app": "prometheus"}}, "spec": {"nodeName": "node-0", "containers": [
    {"name": "c"}]}, "status": {"phase": "Running", "podIP": ")" +
                 ip + R"(", "podIPs": [{"ip": ")" + ip + R"("}]}})"));
}

void put_policy_for_all(World& world, int number) {
  world.put(Kind::kClusterNetworkPolicy,
            json(R"({"metadata": {"name": ")" + name_of_policy(number) +
                 R"("}, "spec": {"tier": "Admin", "priority": )" + text(number % 1000) +
                 R"(, "subject": {"namespaces": {}}, "ingress": [{"action": "Accept", "from": [
    {"pods": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}},
      "podSelector": {"matchLabels": {"app": "prometheus"}}}}]}]}})"));
}

void remove_policy_for_all(World& world, int number) {
  world.remove(Kind::kClusterNetworkPolicy, {"", name_of_policy(number)});
}

void flip_readiness(World& world, const ClusterSize& size, int step) {
  put_pod(world, size, static_cast<int>(int64_t{step / 2} * 104'729 % size.pods()), 0, step % 2 != 0);
}

void replace_pod(World& world, const ClusterSize& size, int step) {
  put_pod(world, size, static_cast<int>(int64_t{step} * 15'485'863 % size.pods()), 1 + step % 2, true);
}

void fill(World& world, const ClusterSize& size) {
  for (int node = 0; node < size.nodes; ++node)
    world.put(Kind::kNode,
              json(R"({"metadata": {"name": "node-)" + text(node) + R"("}, "status": {"addresses": [
    {"type": "InternalIP", "address": "192.168.)" +
                   text(node / 250) + "." + text(node % 250 + 1) + R"("}]}})"));
  for (int pod = 0; pod < size.pods(); ++pod) put_pod(world, size, pod, 0, true);
  for (int workload = 0; workload < size.pods() / kReplicas; ++workload) put_policies(world, workload);
  for (int ns = 0; ns < size.pods() / kReplicas / kWorkloads; ++ns) {
    world.put(Kind::kNamespace, json(R"({"metadata": {"name": ")" + ns_of(ns) + R"("}})"));
    put_service(world, ns);
  }
  world.put(Kind::kNamespace, json(R"({"metadata": {"name": "monitoring"}})"));
  put_policy_for_all(world, 0);
  put_scraper(world, 0);
}

}  // namespace sluice::bench
