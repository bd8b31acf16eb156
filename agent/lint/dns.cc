// Whether pods that are let out can ask for names (dns_servers.h).
#include <algorithm>
#include <set>

#include "agent/lint/addresses.h"
#include "agent/lint/checks.h"
#include "agent/lint/dns_servers.h"
#include "agent/lint/words.h"

namespace sluice::lint {
namespace {

using model::Direction;
using model::NetworkPolicy;
using model::Pod;

// What is reached of the two, over UDP and TCP.
enum Reach : uint8_t { kNothing = 0, kClusterUdp = 1, kClusterTcp = 2, kNodeUdp = 4, kNodeTcp = 8 };
constexpr std::pair<net::Protocol, uint8_t> kByProtocol[] = {{net::kUdp, kClusterUdp | kNodeUdp},
                                                             {net::kTcp, kClusterTcp | kNodeTcp}};
constexpr uint8_t kCluster = kClusterUdp | kClusterTcp, kNode = kNodeUdp | kNodeTcp;

bool admits_address(const model::Rule& rule, const net::Ip& ip) {
  return rule.peers.empty() ||
         std::any_of(rule.peers.begin(), rule.peers.end(), [&](const model::Peer& peer) {
           const auto* block = std::get_if<model::IpBlock>(&peer);
           return block != nullptr && is_in(*block, ip);
         });
}

bool selects(const model::SelectorPeer& peer, const std::string& own_ns, const Server& server) {
  if (server.pod.host_network) return false;
  const bool in_namespace = peer.namespace_selector
                                ? model::matches(*peer.namespace_selector, server.namespace_labels)
                                : server.pod.name.ns == own_ns;
  return in_namespace && (!peer.pod_selector || model::matches(*peer.pod_selector, server.pod.labels));
}

bool admits_server(const model::Rule& rule, const std::string& own_ns, const Server& server) {
  if (std::any_of(server.pod.ips.begin(), server.pod.ips.end(),
                  [&](const net::Ip& ip) { return admits_address(rule, ip); }))
    return true;
  return rule.peers.empty() ||
         std::any_of(rule.peers.begin(), rule.peers.end(), [&](const model::Peer& peer) {
           const auto* selector = std::get_if<model::SelectorPeer>(&peer);
           return selector != nullptr && selects(*selector, own_ns, server);
         });
}

// `pod`: at whom a name is looked up; nullptr: an address of no pod.
bool admits_port(const model::Rule& rule, net::Protocol protocol, net::Port port, const Pod* pod) {
  const auto names_it = [&](const std::string& name) {
    return pod != nullptr && std::any_of(pod->ports.begin(), pod->ports.end(), [&](const auto& own) {
             return own.name == name && own.protocol == protocol && own.port == port;
           });
  };
  return rule.ports.empty() || std::any_of(rule.ports.begin(), rule.ports.end(), [&](const auto& entry) {
           if (entry.protocol != protocol) return false;
           if (const auto* range = std::get_if<net::PortRange>(&entry.port)) return range->contains(port);
           const auto* name = std::get_if<std::string>(&entry.port);
           return name == nullptr || names_it(*name);
         });
}

// At an address of no pod.
bool admits(const model::Rule& rule, net::Protocol protocol, const net::Ip& ip) {
  return admits_port(rule, protocol, kDnsPort, nullptr) && admits_address(rule, ip);
}

bool admits_cluster(const model::Rule& rule, const std::string& own_ns, net::Protocol protocol,
                    const Dns& dns) {
  const auto at_server = [&](const Server& server) {
    return std::any_of(server.at.begin(), server.at.end(), [&](const auto& at) {
      return at.first == protocol && admits_port(rule, protocol, at.second, &server.pod) &&
             admits_server(rule, own_ns, server);
    });
  };
  return std::any_of(dns.servers.begin(), dns.servers.end(), at_server) ||
         std::any_of(dns.service_addresses.begin(), dns.service_addresses.end(),
                     [&](const net::Ip& ip) { return admits(rule, protocol, ip); });
}

uint8_t reach_of(const model::Rule& rule, const std::string& own_ns, const Dns& dns) {
  static const net::Ip node_local = *net::Ip::parse(kNodeLocalAddress);
  uint8_t reach = kNothing;
  for (const auto& [protocol, both] : kByProtocol) {
    if (admits(rule, protocol, node_local)) reach |= both & kNode;
    if (admits_cluster(rule, own_ns, protocol, dns)) reach |= both & kCluster;
  }
  return reach;
}

class DnsCheck {
 public:
  DnsCheck(const Input& input, Pods& pods, Report& report)
      : input_(input),
        pods_(pods),
        report_(report),
        dns_(find_dns(input.cluster, pods)),
        reached_(pods.size()),
        isolated_(pods.size()),
        let_out_(pods.size()) {}

  void check() {
    // Once for each set of pods, however many policies select it.
    std::map<const Selected*, uint8_t> by_pods;
    for (const auto& [name, policy] : input_.cluster.policies) {
      if (!policy.isolates_egress) continue;
      uint8_t reach = kNothing;
      for (const model::Rule& rule : policy.egress) reach |= reach_of(rule, name.ns, dns_);
      const Selected& selected = pods_.selected(name.ns, policy.pod_selector);
      by_pods[&selected] |= reach;
      for (const uint32_t pod : selected.pods) {
        isolated_[pod] = true;
        if (!policy.egress.empty()) let_out_[pod] = true;
      }
    }
    for (const auto& [selected, reach] : by_pods)
      for (const uint32_t pod : selected->pods) reached_[pod] |= reach;
    add_tiers();
    for (const auto& [name, policy] : input_.cluster.policies) {
      if (!policy.isolates_egress || policy.egress.empty()) continue;
      const Selected& selected = pods_.selected(name.ns, policy.pod_selector);
      without_dns(policy, selected);
      if (dns_.on_nodes) without_node_local(policy, selected);
    }
    for (const auto& [name, policy] : input_.cluster.cluster_policies) names_without_dns(policy);
  }

 private:
  // What tier Admin accepts no NetworkPolicy need allow.
  void add_tiers() {
    if (input_.cluster.cluster_policies.empty()) return;
    const TierDns tiers(input_.cluster, pods_, dns_);
    for (uint32_t pod = 0; pod < pods_.size(); ++pod)
      for (const auto& [protocol, both] : kByProtocol)
        for (const auto& [target, mask] : {std::pair(TierDns::kCluster, kCluster), {TierDns::kNode, kNode}}) {
          const auto* ruling = tiers.ruling(model::Tier::kAdmin, pod, protocol == net::kUdp, target);
          if (ruling != nullptr && ruling->action == model::Action::kAccept) reached_[pod] |= both & mask;
        }
  }

  // Over both protocols at one of the two.
  static bool has_dns(uint8_t reached) {
    return (reached & kCluster) == kCluster || (reached & kNode) == kNode;
  }

  // Pods without DNS: how many, and the first of them.
  struct Closed {
    size_t count = 0;
    uint8_t reached = kNothing;
    std::vector<std::string> first;
  };

  const Closed& closed_among(const Selected& selected) {
    const auto [found, is_new] = closed_.try_emplace(&selected);
    if (!is_new) return found->second;
    Closed& closed = found->second;
    for (const uint32_t pod : selected.pods) {
      if (has_dns(reached_[pod]) || dns_.names.contains(pods_.at(pod).name)) continue;
      if (closed.count++ == 0) closed.reached = reached_[pod];
      if (closed.first.size() < kMostNames) closed.first.push_back(pods_.at(pod).name.to_text());
    }
    return closed;
  }

  void without_dns(const NetworkPolicy& policy, const Selected& selected) {
    const Closed& closed = closed_among(selected);
    if (closed.count == 0) return;
    const bool udp = (closed.reached & kClusterUdp) != 0, tcp = (closed.reached & kClusterTcp) != 0;
    const std::string lacks = udp   ? "may ask DNS over UDP 53, but not over TCP 53, which long answers need"
                              : tcp ? "may ask DNS over TCP 53, but not over UDP 53"
                                    : "may go elsewhere, but no rule of any policy allows the cluster's DNS";
    report_.add(Rule::kEgressWithoutDns, policy, path_of(Direction::kEgress),
                {listed(closed.first, closed.count) + " " + lacks,
                 "allow egress to UDP and TCP 53 of pods with k8s-app=kube-dns in namespace kube-system"});
  }

  // Pods that only names let out: those are learnt from what the cluster's DNS answers (semantics 77).
  void names_without_dns(const model::ClusterNetworkPolicy& policy) {
    const auto rule = std::ranges::find_if(policy.egress, [](const model::ClusterRule& one) {
      return std::ranges::any_of(
          one.peers, [](const auto& peer) { return std::holds_alternative<model::DomainNamesPeer>(peer); });
    });
    if (rule == policy.egress.end()) return;
    std::vector<uint32_t> closed;
    for (const uint32_t pod : pods_.selected("", {policy.subject.pods, policy.subject.namespaces}).pods)
      if (isolated_[pod] && !let_out_[pod] && !has_dns(reached_[pod])) closed.push_back(pod);
    if (closed.empty()) return;
    report_.add(
        Rule::kEgressWithoutDns, policy,
        path_of(Direction::kEgress, static_cast<size_t>(rule - policy.egress.begin())),
        {"it allows " + names_of(pods_, closed) +
             " addresses by their names, but no rule of any policy allows the cluster's DNS, which says them",
         "accept UDP and TCP 53 of pods with k8s-app=kube-dns in namespace kube-system in a rule of its "
         "own"});
  }

  uint8_t reached_by_all(const Selected& selected) {
    const auto [found, is_new] = reached_by_all_.try_emplace(&selected, uint8_t{0xff});
    if (is_new)
      for (const uint32_t pod : selected.pods) found->second &= reached_[pod];
    return found->second;
  }

  void without_node_local(const NetworkPolicy& policy, const Selected& selected) {
    if (selected.pods.empty()) return;
    const uint8_t all = reached_by_all(selected);
    for (size_t i = 0; i < policy.egress.size(); ++i) {
      const uint8_t reach = reach_of(policy.egress[i], policy.name.ns, dns_);
      const bool udp = (reach & kClusterUdp) != 0 && (all & kNodeUdp) == 0;
      const bool tcp = (reach & kClusterTcp) != 0 && (all & kNodeTcp) == 0;
      if (!udp && !tcp) continue;
      report_.add(Rule::kNodeLocalDns, policy, path_of(Direction::kEgress, i),
                  {"it allows the cluster's DNS, but the DaemonSet node-local-dns is here, and pods ask " +
                       std::string(kNodeLocalAddress) + ", which no rule allows",
                   "add the peer ipBlock " + std::string(kNodeLocalAddress) + "/32"});
    }
  }

  const Input& input_;
  Pods& pods_;
  Report& report_;
  const Dns dns_;
  std::vector<uint8_t> reached_;          // by pod
  std::vector<bool> isolated_, let_out_;  // for egress, by NetworkPolicies; by some rule of theirs
  std::map<const Selected*, Closed> closed_;
  std::map<const Selected*, uint8_t> reached_by_all_;
};

}  // namespace

void check_dns(const Input& input, Pods& pods, Report& report) {
  DnsCheck(input, pods, report).check();
}

}  // namespace sluice::lint
