#include "agent/model/workloads.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::model {
namespace {

Workload workload(const std::string& name, const std::string& controller = "") {
  Workload made;
  made.name = made.pod.name = {"shop", name};
  made.controller = controller;
  return made;
}

Pod pod(const std::string& name, const std::string& controller, const std::string& ip = "") {
  Pod made;
  made.name = {"shop", name};
  made.controller = controller;
  if (!ip.empty()) made.ips = {*net::Ip::parse(ip)};
  return made;
}

std::string rows(const Cluster& cluster) {
  std::string text;
  for (const auto& [name, one] : cluster.pods)
    if (one.takes_part()) text += (text.empty() ? "" : " ") + name.name + "<" + one.controller + ">";
  return text;
}

Cluster cluster_of(const std::vector<Pod>& pods) {
  Cluster cluster;
  for (const Pod& one : pods) cluster.pods[one.name] = one;
  return cluster;
}

TEST(Workloads, OneRowEachUnlessItsPodsAreThere) {
  const Pod with = pod("web-5d8-a", "replicaset/web-5d8", "10.0.0.1"),
            without = pod("web-5d8-b", "replicaset/web-5d8");
  const Workload web = workload("deployment/web"), set = workload("replicaset/web-5d8", "deployment/web");
  EXPECT_EQ(rows(with_workloads({}, {web})), "deployment/web<>");
  EXPECT_EQ(rows(with_workloads({}, {web, set})), "deployment/web<>") << "what it owns is no row";
  EXPECT_EQ(rows(with_workloads(cluster_of({with, without}), {web, set})), "web-5d8-a<deployment/web>");
  EXPECT_EQ(rows(with_workloads(cluster_of({without}), {web, set})), "deployment/web<>");
  EXPECT_EQ(rows(with_workloads(cluster_of({with}), {set})), "web-5d8-a<replicaset/web-5d8>");
  EXPECT_EQ(rows(with_workloads({}, {set})), "replicaset/web-5d8<>") << "its owner is not here";
  EXPECT_EQ(rows(with_workloads(cluster_of({without}), {})), "web-5d8-b<replicaset/web-5d8>");
}

TEST(Workloads, AReplicaSetThatIsMissingIsInferred) {
  Pod with = pod("web-5d8-a", "replicaset/web-5d8", "10.0.0.1");
  EXPECT_EQ(workload_of(with), "replicaset/web-5d8");
  with.labels["pod-template-hash"] = "5d8";
  EXPECT_EQ(workload_of(with), "deployment/web");
  with.labels["pod-template-hash"] = "other";
  EXPECT_EQ(workload_of(with), "replicaset/web-5d8");
  with.labels["pod-template-hash"] = "5d8";
  EXPECT_EQ(rows(with_workloads(cluster_of({with}), {workload("deployment/web")})),
            "web-5d8-a<deployment/web>");
}

TEST(Workloads, OwnersOfEachOtherEnd) {
  const Cluster both = with_workloads({}, {workload("job/a", "job/b"), workload("job/b", "job/a")});
  EXPECT_LE(both.pods.size(), 2u);
}

TEST(Workloads, HostNetworkOnesAndFinishedPodsTakeNoPart) {
  Workload agent = workload("daemonset/agent");
  agent.pod.host_network = true;
  Pod done = pod("done", "");
  done.phase = PodPhase::kSucceeded;
  const Cluster cluster = with_workloads(cluster_of({done}), {agent});
  EXPECT_EQ(rows(cluster), "");
  EXPECT_TRUE(cluster.pods.contains({"shop", "daemonset/agent"}));
}

TEST(Workloads, PlaceholdersAreInNoBlockButAWholeFamily) {
  Cluster cluster;
  cluster.services[{"shop", "api"}].name = {"shop", "api"};
  Rule rule;
  for (const char* cidr : {"0.0.0.0/0", "10.0.0.0/8", "0.0.0.0/1", "0.1.0.0/16", "::/0"})
    rule.peers.push_back(IpBlock{*net::Cidr::parse(cidr), {}});
  rule.peers.push_back(IpBlock{*net::Cidr::parse("0.0.0.0/0"), {*net::Cidr::parse("10.0.0.0/8")}});
  cluster.policies[{"shop", "p"}].egress = {rule};
  const Cluster with = with_workloads(cluster, {workload("deployment/a"), workload("deployment/b")});
  std::set<net::Ip> all;
  for (const auto& [name, one] : with.pods) all.insert(one.ips.begin(), one.ips.end());
  const auto& service = with.services.at({"shop", "api"}).addresses;
  all.insert(service.begin(), service.end());
  EXPECT_EQ(all.size(), 6u);
  for (const net::Ip& ip : all) {
    EXPECT_TRUE(is_placeholder(ip)) << ip.to_text();
    for (size_t i = 0; i < rule.peers.size(); ++i) {
      const auto& block = std::get<IpBlock>(with.policies.at({"shop", "p"}).egress[0].peers[i]);
      const bool covered =
          block.cidr.contains(ip) &&
          std::ranges::none_of(block.except, [&](const auto& hole) { return hole.contains(ip); });
      const bool whole_family = i == (ip.family() == net::Family::kIpv4 ? 0u : 4u);
      EXPECT_EQ(covered, whole_family) << i << " " << ip.to_text();
    }
  }
}

TEST(Workloads, AnotherReplica) {
  Cluster to_be = with_workloads({}, {workload("deployment/web")});
  const auto twin = another_replica(to_be, {"shop", "deployment/web"});
  ASSERT_TRUE(twin);
  EXPECT_NE(to_be.pods.at(*twin).ips, to_be.pods.at({"shop", "deployment/web"}).ips);
  Cluster pods =
      cluster_of({pod("web-0", "statefulset/web", "10.0.0.1"), pod("web-1", "statefulset/web", "10.0.0.2"),
                  pod("db-0", "statefulset/db", "10.0.0.3")});
  EXPECT_EQ(another_replica(pods, {"shop", "statefulset/web"}), (ObjectName{"shop", "web-1"}));
  EXPECT_EQ(another_replica(pods, {"shop", "statefulset/db"}), std::nullopt);
  EXPECT_EQ(another_replica(pods, {"shop", "web-0"}), std::nullopt);
}

TEST(Workloads, LabelsOfControllers) {
  EXPECT_TRUE(is_controllers_label("pod-template-hash"));
  EXPECT_TRUE(is_controllers_label("batch.kubernetes.io/job-name"));
  EXPECT_FALSE(is_controllers_label("app"));
}

}  // namespace
}  // namespace sluice::model
