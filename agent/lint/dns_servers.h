// Whom pods ask for names, and what tiers say of it, and of the API server. Private to agent/lint. Pure.
//
// The cluster's DNS: what Services of kube-system (and openshift-dns) that serve UDP 53 select, else pods of kube-system
// labelled k8s-app=kube-dns or coredns; where the files hold neither, a pod as a cluster has it. And its caches on the
// nodes, at 169.254.20.10 (Kubernetes documentation, "Using NodeLocal DNSCache in Kubernetes Clusters").
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/lint/pods.h"
#include "agent/model/tiers.h"

namespace sluice::lint {

inline constexpr net::Port kDnsPort = net::Port::from_host(53);
inline constexpr char kNodeLocalAddress[] = "169.254.20.10";

// A server behind DNS names: a pod, or one that stands for it.
struct Server {
  model::Pod pod;
  model::Labels namespace_labels;
  std::vector<std::pair<net::Protocol, net::Port>> at;  // port 53 as its Service maps it
};

struct Dns {
  std::vector<Server> servers;
  std::vector<net::Ip> service_addresses;
  std::set<model::ObjectName> names;  // of the servers
  bool on_nodes = false;              // the caches are there
};

Dns find_dns(const model::Cluster& cluster, Pods& pods);

// What ClusterNetworkPolicies decide of pods' questions to the cluster's DNS, and to its API server (tier_dns.cc).
class TierDns {
 public:
  // The first of the servers; the cache on the node; the Service default/kubernetes, over TCP, where the files have it.
  enum Target : uint8_t { kCluster, kNode, kApiServer };
  struct Ruling {
    const model::ClusterNetworkPolicy* policy = nullptr;
    size_t rule = 0;
    model::Action action = model::Action::kPass;
  };

  TierDns(const model::Cluster& cluster, Pods& pods, const Dns& dns);
  // The rule of the tier that decides of it, or passes; nullptr: none. Over UDP, else over TCP.
  const Ruling* ruling(model::Tier tier, uint32_t pod, bool udp, Target target) const {
    return rulings_[place(tier, udp, target)][pod];
  }

 private:
  static size_t place(model::Tier tier, bool udp, Target target) {
    return static_cast<size_t>(tier) * 6 + (udp ? 3 : 0) + target;
  }
  // What is asked there, as rules see it (semantics 67): written, or an endpoint behind it.
  struct Face {
    net::Protocol protocol;
    net::Port port;
    const model::Pod* pod = nullptr;  // nullptr: an address of no pod
    std::optional<net::Ip> ip = {};   // none: of a pod that stands for a server which nobody knows
  };
  std::vector<Face> faces_of(bool udp, Target target) const;
  std::vector<Face> faces_of_api_server() const;
  bool matches(const model::ClusterPeer& peer, const Face& face) const;
  bool matches(const model::ClusterRule& rule, const std::vector<Face>& faces) const;

  const model::Cluster& cluster_;
  const Dns& dns_;
  std::deque<Ruling> all_;
  std::array<std::vector<const Ruling*>, 12> rulings_;  // by place(), then by pod
};

}  // namespace sluice::lint
