// ChurnWorld: a random cluster (tests/oracle/random_cluster.h) in which a few pods are real: these stay, with their
// addresses, whatever happens to everything else and to their labels. Nor has a Service such an address: nobody here
// would rewrite what is sent to it, so that the pod answers where the policies speak of the Service.
//
// The same seeds give the same world but for hours, which begin and end soon after now. One thread.
#pragma once

#include <string>
#include <vector>

#include "agent/times/clock/hours.h"
#include "tests/oracle/build.h"
#include "tests/oracle/hours.h"
#include "tests/oracle/random_cluster.h"
#include "tests/oracle/random_objects.h"

namespace sluice::soak {

// Of a pod's two addresses, which random pods do not have.
inline constexpr char kRealV4[] = "10.0.0.200", kRealV6[] = "fd00:10::c8";
inline constexpr char kRealNode[] = "here";

class ChurnWorld {
 public:
  // `asker`: a further pod, which is real too.
  ChurnWorld(uint64_t seed, const model::Pod& asker) {
    cluster_ = oracle::with_tiers(oracle::random_cluster(seed, kPods), seed);
    cluster_.apply(model::Change::upsert(oracle::build::node(kRealNode, {})));
    real_.push_back(asker.name);
    cluster_.apply(model::Change::upsert(asker));
    uint32_t number = 0;
    for (const char* ns : {"blue", "green", "red"})
      for (const char* name : {"real-1", "real-2"}) {
        real_.push_back({ns, name});
        model::Pod pod = oracle::build::pod(std::string(ns) + "/" + name, "10.0.0.1").on(kRealNode);
        pod.ips = {oracle::address_at(kRealV4, number), oracle::address_at(kRealV6, number)};
        ++number;
        cluster_.apply(model::Change::upsert(pod));
      }
    std::vector<model::ObjectName> in_a_pods_name;
    for (const auto& [name, service] : cluster_.services)
      if (has_a_real_address(service.addresses)) in_a_pods_name.push_back(name);
    for (const model::ObjectName& name : in_a_pods_name)
      cluster_.apply(model::Change::remove({model::Kind::kService, name}));
    trim();
  }

  const model::Cluster& cluster() const { return cluster_; }
  const std::vector<model::ObjectName>& real() const { return real_; }
  // The real pods alone.
  model::Cluster real_cluster() const {
    model::Cluster real;
    for (const model::ObjectName& name : real_) real.apply(model::Change::upsert(cluster_.pods.at(name)));
    return real;
  }

  // Something happens to it; what, in a word.
  std::string happen(uint64_t seed) {
    oracle::Random random(seed);
    switch (random.below(8)) {
      case 0: {
        model::Pod pod = cluster_.pods.at(random.pick(real_));
        pod.labels = oracle::random_labels(random);
        cluster_.apply(model::Change::upsert(pod));
        return "labels";
      }
      case 1:
        cluster_ = oracle::with_hours(std::move(cluster_), seed);
        return "hours";
      case 2:
        begin_and_end_soon(random);
        return "soon";
      default:
        for (const model::Change& change : oracle::random_change(cluster_, seed))
          if (!concerns_real(change)) cluster_.apply(elsewhere(change));
        trim();
        return "object";
    }
  }

 private:
  static constexpr int kPods = 30;
  static constexpr size_t kMostPods = 60, kMostPolicies = 30, kMostClusterPolicies = 8, kMostServices = 30;

  bool is_real(const model::ObjectName& name) const {
    return std::find(real_.begin(), real_.end(), name) != real_.end();
  }
  bool concerns_real(const model::Change& change) const {
    const model::ObjectId id = change.id();
    if (id.kind == model::Kind::kNode) return id.name.name == kRealNode;
    if (is_real(id.name) && id.kind == model::Kind::kPod) return true;
    if (change.is_removal()) return false;
    const model::Object& object = std::get<0>(change.what);
    if (const auto* pod = std::get_if<model::Pod>(&object)) return has_a_real_address(pod->ips);
    if (const auto* service = std::get_if<model::Service>(&object))
      return has_a_real_address(service->addresses);
    return false;
  }
  bool has_a_real_address(const std::vector<net::Ip>& addresses) const {
    return std::any_of(real_.begin(), real_.end(), [&](const model::ObjectName& name) {
      const auto& real = cluster_.pods.at(name).ips;
      return std::find_first_of(real.begin(), real.end(), addresses.begin(), addresses.end()) != real.end();
    });
  }
  // Only the real pods are on the node that is there.
  static model::Change elsewhere(model::Change change) {
    if (change.is_removal()) return change;
    if (auto* pod = std::get_if<model::Pod>(&std::get<0>(change.what)); pod && pod->node_name == kRealNode)
      pod->node_name.clear();
    return change;
  }
  // One policy of either kind is in force for some seconds alone, or all the time but these.
  void begin_and_end_soon(oracle::Random& random) {
    using std::chrono::seconds;
    const times::Instant begin = times::clock::now() + seconds(random.between(2, 4));
    const std::string active = std::string(random.chance(50) ? "!" : "") + times::to_text(begin) + "/" +
                               times::to_text(begin + seconds(random.between(3, 6)));
    const auto set = [&](auto& policies) {
      if (policies.empty()) return;
      auto at = policies.begin();
      std::advance(at, random.below(policies.size()));
      at->second.active = active;
    };
    random.chance(50) ? set(cluster_.policies) : set(cluster_.cluster_policies);
  }
  // Hours of changes leave it as large as it was.
  void trim() {
    const auto trim_to = [&](auto& objects, size_t most, model::Kind kind) {
      for (auto at = objects.begin(); objects.size() > most && at != objects.end();) {
        const model::ObjectName name = (at++)->first;
        if (kind != model::Kind::kPod || !is_real(name)) cluster_.apply(model::Change::remove({kind, name}));
      }
    };
    trim_to(cluster_.pods, kMostPods, model::Kind::kPod);
    trim_to(cluster_.policies, kMostPolicies, model::Kind::kNetworkPolicy);
    trim_to(cluster_.cluster_policies, kMostClusterPolicies, model::Kind::kClusterNetworkPolicy);
    trim_to(cluster_.services, kMostServices, model::Kind::kService);
    trim_to(cluster_.endpoint_slices, 2 * kMostServices, model::Kind::kEndpointSlice);
  }

  model::Cluster cluster_;
  std::vector<model::ObjectName> real_;
};

}  // namespace sluice::soak
