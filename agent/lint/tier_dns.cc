// What ClusterNetworkPolicies decide of pods' questions to the cluster's DNS.
#include <algorithm>

#include "agent/lint/checks.h"
#include "agent/lint/dns_servers.h"
#include "agent/lint/words.h"
#include "agent/model/isolation.h"

namespace sluice::lint {
namespace {

using model::Action;
using model::ClusterPeer;
using model::ClusterRule;
using model::Direction;
using model::Pod;
using model::Tier;

// `pod`: at whom names are looked up; nullptr: an address of no pod.
bool holds(const ClusterRule& rule, net::Protocol protocol, net::Port port, const Pod* pod) {
  return rule.protocols.empty() || std::ranges::any_of(rule.protocols, [&](const auto& entry) {
           if (const auto* ports = std::get_if<model::ProtocolPorts>(&entry))
             return ports->protocol == protocol && ports->ports.contains(port);
           const std::string& name = std::get<model::NamedPort>(entry).name;
           return pod != nullptr && std::ranges::any_of(pod->ports, [&](const auto& own) {
                    return own.name == name && own.protocol == protocol && own.port == port;
                  });
         });
}

}  // namespace

// One that stands for a server which nobody knows has no address: it is in what holds every one.
bool TierDns::matches(const ClusterPeer& peer, const Pod* pod, const net::Ip* ip) const {
  if (const auto* pods = std::get_if<model::PodsPeer>(&peer))
    return pod != nullptr && !pod->host_network && model::matches(pods->pods, pod->labels) &&
           model::matches(pods->namespaces, cluster_.namespace_labels(pod->name.ns));
  if (const auto* networks = std::get_if<model::NetworksPeer>(&peer))
    return std::ranges::any_of(networks->cidrs, [&](const net::Cidr& cidr) {
      return ip != nullptr ? cidr.contains(*ip) : cidr.length() == 0;
    });
  const auto* nodes = std::get_if<model::NodesPeer>(&peer);
  return nodes != nullptr && ip != nullptr && std::ranges::any_of(cluster_.nodes, [&](const auto& node) {
           return std::ranges::find(node.second.addresses, *ip) != node.second.addresses.end() &&
                  model::matches(nodes->nodes, node.second.labels);
         });
}

bool TierDns::matches(const ClusterRule& rule, bool udp, Target target) const {
  static const net::Ip node_local = *net::Ip::parse(kNodeLocalAddress);
  const net::Protocol protocol = udp ? net::kUdp : net::kTcp;
  const auto by_peer = [&](const Pod* pod, const net::Ip* ip) {
    return std::ranges::any_of(rule.peers, [&](const auto& peer) { return matches(peer, pod, ip); });
  };
  if (rule.closed) return rule.action != Action::kAccept;
  if (target == kNode) return holds(rule, protocol, kDnsPort, nullptr) && by_peer(nullptr, &node_local);
  const Server& server = dns_.servers.front();
  for (const auto& [at, port] : server.at) {
    if (at != protocol || !holds(rule, protocol, port, &server.pod)) continue;
    if (server.pod.ips.empty() ? by_peer(&server.pod, nullptr)
                               : std::ranges::any_of(server.pod.ips, [&](const net::Ip& ip) {
                                   return by_peer(&server.pod, &ip);
                                 }))
      return true;
  }
  return holds(rule, protocol, kDnsPort, nullptr) &&
         std::ranges::any_of(dns_.service_addresses,
                             [&](const net::Ip& ip) { return by_peer(nullptr, &ip); });
}

TierDns::TierDns(const model::Cluster& cluster, Pods& pods, const Dns& dns) : cluster_(cluster), dns_(dns) {
  for (auto& of_pods : rulings_) of_pods.resize(pods.size());
  for (const model::ClusterNetworkPolicy* policy : model::in_order(cluster))
    for (const bool udp : {true, false})
      for (const Target target : {kCluster, kNode}) {
        const auto rule = std::ranges::find_if(
            policy->egress, [&](const ClusterRule& one) { return matches(one, udp, target); });
        if (rule == policy->egress.end()) continue;
        all_.push_back({policy, static_cast<size_t>(rule - policy->egress.begin()), rule->action});
        auto& of_pods = rulings_[place(policy->tier, udp, target)];
        for (const uint32_t pod : pods.selected("", {policy->subject.pods, policy->subject.namespaces}).pods)
          if (of_pods[pod] == nullptr) of_pods[pod] = &all_.back();
      }
}

namespace {

// Pods whose egress NetworkPolicies decide about.
std::vector<bool> isolated_pods(const model::Cluster& cluster, Pods& pods) {
  std::vector<bool> isolated(pods.size());
  for (const auto& [name, policy] : cluster.policies)
    if (policy.isolates_egress && policy.active.empty() && !model::is_in_audit(cluster, policy))
      for (const uint32_t pod : pods.selected(name.ns, policy.pod_selector).pods) isolated[pod] = true;
  return isolated;
}

}  // namespace

void check_tier_dns(const Input& input, Pods& pods, Report& report) {
  if (input.cluster.cluster_policies.empty()) return;
  const Dns dns = find_dns(input.cluster, pods);
  const TierDns tiers(input.cluster, pods, dns);
  const std::vector<bool> isolated = isolated_pods(input.cluster, pods);
  const auto denying = [&](uint32_t pod, bool udp, TierDns::Target target) -> const TierDns::Ruling* {
    const TierDns::Ruling* ruling = tiers.ruling(Tier::kAdmin, pod, udp, target);
    if (ruling == nullptr || ruling->action == Action::kPass)
      ruling = isolated[pod] ? nullptr : tiers.ruling(Tier::kBaseline, pod, udp, target);
    return ruling != nullptr && ruling->action == Action::kDeny ? ruling : nullptr;
  };
  std::map<std::pair<const model::ClusterNetworkPolicy*, size_t>, std::vector<uint32_t>> shut_out;
  for (uint32_t pod = 0; pod < pods.size(); ++pod) {
    if (dns.names.contains(pods.at(pod).name)) continue;
    for (const bool udp : {true, false}) {
      const TierDns::Ruling* ruling = denying(pod, udp, TierDns::kCluster);
      if (ruling == nullptr || (dns.on_nodes && denying(pod, udp, TierDns::kNode) == nullptr)) continue;
      shut_out[{ruling->policy, ruling->rule}].push_back(pod);
      break;
    }
  }
  for (const auto& [rule, whom] : shut_out)
    report.add(
        Rule::kShutsOutDns, *rule.first, path_of(Direction::kEgress, rule.second),
        {"it denies " + names_of(pods, whom) + " the cluster's DNS",
         "accept UDP and TCP 53 of pods with k8s-app=kube-dns in namespace kube-system in a rule before it"});
}

}  // namespace sluice::lint
