#include "agent/model/workloads.h"

#include <algorithm>
#include <cstring>

namespace sluice::model {
namespace {

using net::Cidr;
using net::Family;
using net::Ip;

constexpr std::string_view kTemplateHash = "pod-template-hash";

// Those of the Kubernetes documentation ("Well-Known Labels, Annotations and Taints") that controllers write, and
// the older spellings of Jobs.
constexpr std::string_view kControllersLabels[] = {kTemplateHash,
                                                   "controller-revision-hash",
                                                   "pod-template-generation",
                                                   "statefulset.kubernetes.io/pod-name",
                                                   "apps.kubernetes.io/pod-index",
                                                   "batch.kubernetes.io/controller-uid",
                                                   "batch.kubernetes.io/job-name",
                                                   "batch.kubernetes.io/job-completion-index",
                                                   "controller-uid",
                                                   "job-name"};

Cidr placeholders_of(Family family) {
  return *Cidr::parse(family == Family::kIpv4 ? "0.0.0.0/8" : "100::/64");
}

// "replicaset/web-5d8" with the pod's hash "5d8" is "deployment/web"; empty where it is not made like that.
std::string deployment_behind(const std::string& controller, const Labels& labels) {
  constexpr std::string_view kReplicaSet = "replicaset/";
  const auto hash = labels.find(std::string(kTemplateHash));
  if (hash == labels.end() || hash->second.empty() || !controller.starts_with(kReplicaSet)) return {};
  const std::string suffix = "-" + hash->second;
  if (!controller.ends_with(suffix) || controller.size() <= kReplicaSet.size() + suffix.size()) return {};
  return "deployment/" +
         controller.substr(kReplicaSet.size(), controller.size() - kReplicaSet.size() - suffix.size());
}

// The n-th address that stands for one that nobody knows; n from 1.
Ip placeholder(Family family, uint32_t n) {
  const Ip base = placeholders_of(family).base();
  std::vector<uint8_t> bytes(base.bytes().begin(), base.bytes().end());
  for (size_t i = bytes.size(); n > 0 && i-- > bytes.size() - 3; n >>= 8) bytes[i] = static_cast<uint8_t>(n);
  return *Ip::from_bytes(bytes);
}

class Joining {
 public:
  Joining(Cluster cluster, std::vector<Workload> workloads) : cluster_(std::move(cluster)) {
    for (Workload& workload : workloads) {
      ObjectName name = workload.name;
      workloads_.insert_or_assign(std::move(name), std::move(workload));
    }
  }

  Cluster take() {
    for (auto& [name, pod] : cluster_.pods) {
      pod.controller = owner_of(pod.name.ns, workload_controller(pod));
      if (pod.takes_part()) with_pods_.insert({pod.name.ns, pod.controller});
    }
    for (auto& [name, pod] : cluster_.pods)
      if (pod.ips.empty() && !workloads_.contains({name.ns, pod.controller})) stand_in(pod);
    for (auto& [name, workload] : workloads_) {
      const bool owned = owner_of(name.ns, workload.controller) != workload.controller ||
                         workloads_.contains({name.ns, workload.controller});
      if (owned || with_pods_.contains(name)) continue;
      workload.pod.phase = PodPhase::kRunning;
      stand_in(workload.pod);
      cluster_.pods.insert_or_assign(name, std::move(workload.pod));
    }
    for (auto& [name, service] : cluster_.services) stand_in(service);
    for (auto& [name, policy] : cluster_.policies)
      for (auto* rules : {&policy.ingress, &policy.egress})
        for (Rule& rule : *rules) leave_out_placeholders(rule);
    for (auto& [name, policy] : cluster_.cluster_policies)
      for (ClusterRule& rule : policy.egress)
        for (ClusterPeer& peer : rule.peers)
          if (auto* networks = std::get_if<NetworksPeer>(&peer)) leave_out_placeholders(*networks);
    return std::move(cluster_);
  }

 private:
  // A ReplicaSet that is not in the cluster is inferred.
  std::string workload_controller(const Pod& pod) const {
    return workloads_.contains({pod.name.ns, pod.controller}) ? pod.controller : workload_of(pod);
  }

  // The last of the chain of owners that are known.
  std::string owner_of(const std::string& ns, std::string controller) const {
    for (size_t steps = 0; steps < workloads_.size(); ++steps) {
      const auto found = workloads_.find({ns, controller});
      if (found == workloads_.end() || !workloads_.contains({ns, found->second.controller})) break;
      controller = found->second.controller;
    }
    return controller;
  }

  void stand_in(Pod& pod) {
    if (pod.host_network || pod.phase == PodPhase::kSucceeded || pod.phase == PodPhase::kFailed) return;
    ++used_;
    pod.ips = {placeholder(Family::kIpv4, used_), placeholder(Family::kIpv6, used_)};
  }

  void stand_in(Service& service) {
    if (service.headless || !service.addresses.empty()) return;
    ++used_;
    if (service.families.empty()) service.families = {Family::kIpv4, Family::kIpv6};
    for (Family family : service.families) service.addresses.push_back(placeholder(family, used_));
    std::sort(service.addresses.begin(), service.addresses.end());
  }

  static void leave_out_placeholders(Rule& rule) {
    for (Peer& peer : rule.peers) {
      auto* block = std::get_if<IpBlock>(&peer);
      if (block == nullptr || (block->cidr.length() == 0 && block->except.empty())) continue;
      const Cidr hole = placeholders_of(block->cidr.family());
      if (hole.contains(block->cidr)) {
        block->except.push_back(block->cidr);
      } else if (block->cidr.contains(hole)) {
        block->except.push_back(hole);
      }
      std::sort(block->except.begin(), block->except.end());
    }
  }

  static void leave_out_placeholders(NetworksPeer& networks) {
    std::vector<Cidr> kept;
    for (const Cidr& cidr : networks.cidrs) {
      const Cidr hole = placeholders_of(cidr.family());
      if (cidr.length() == 0 || (!hole.contains(cidr) && !cidr.contains(hole))) kept.push_back(cidr);
      if (cidr.length() == 0 || !cidr.contains(hole)) continue;
      // The halves beside the hole, on the way down to it.
      for (int length = cidr.length() + 1; length <= hole.length(); ++length)
        kept.push_back(*Cidr::of(flipped(hole.base(), length - 1), length));
    }
    std::sort(kept.begin(), kept.end());
    networks.cidrs = std::move(kept);
  }

  static Ip flipped(const Ip& ip, int bit) {
    std::vector<uint8_t> bytes(ip.bytes().begin(), ip.bytes().end());
    bytes[static_cast<size_t>(bit / 8)] ^= static_cast<uint8_t>(0x80 >> bit % 8);
    return *Ip::from_bytes(bytes);
  }

  Cluster cluster_;
  std::map<ObjectName, Workload> workloads_;
  std::set<ObjectName> with_pods_;  // owners of pods that have addresses
  uint32_t used_ = 0;               // placeholders; there are 16 million
};

}  // namespace

const std::array<Cidr, 2> kPlaceholders = {placeholders_of(Family::kIpv4), placeholders_of(Family::kIpv6)};

bool is_placeholder(const Ip& ip) {
  return std::any_of(kPlaceholders.begin(), kPlaceholders.end(),
                     [&](const Cidr& cidr) { return cidr.contains(ip); });
}

const WorkloadKind* workload_kind(std::string_view kind, std::string_view api_version) {
  const auto* found = std::find_if(
      kWorkloadKinds.begin(), kWorkloadKinds.end(),
      [&](const WorkloadKind& one) { return one.kind == kind && one.api_version == api_version; });
  return found == kWorkloadKinds.end() ? nullptr : found;
}

std::string_view workload_kind_named(std::string_view name) {
  for (const WorkloadKind& kind : kWorkloadKinds)
    if (name == kind.name || (name == kind.short_name && !name.empty())) return kind.name;
  return {};
}

std::string workload_of(const Pod& pod) {
  const std::string deployment = deployment_behind(pod.controller, pod.labels);
  return deployment.empty() ? pod.controller : deployment;
}

bool is_controllers_label(std::string_view key) {
  return std::find(std::begin(kControllersLabels), std::end(kControllersLabels), key) !=
         std::end(kControllersLabels);
}

std::optional<ObjectName> another_replica(Cluster& cluster, const ObjectName& name) {
  if (name.name.find('/') == name.name.npos) return std::nullopt;
  if (const auto found = cluster.pods.find(name); found != cluster.pods.end()) {
    if (found->second.ips.empty()) return std::nullopt;
    Pod twin = found->second;
    twin.name.name += " (another replica)";
    constexpr uint32_t kBehindAll = (1 << 24) - 1;  // with_workloads() gives them out from 1 on
    twin.ips = {placeholder(Family::kIpv4, kBehindAll), placeholder(Family::kIpv6, kBehindAll)};
    ObjectName other = twin.name;
    cluster.pods.insert_or_assign(other, std::move(twin));
    return other;
  }
  size_t seen = 0;
  for (auto at = cluster.pods.lower_bound({name.ns, ""}); at != cluster.pods.end() && at->first.ns == name.ns;
       ++at)
    if (at->second.takes_part() && workload_of(at->second) == name.name && ++seen == 2) return at->first;
  return std::nullopt;
}

Cluster with_workloads(Cluster cluster, std::vector<Workload> workloads) {
  return Joining(std::move(cluster), std::move(workloads)).take();
}

}  // namespace sluice::model
