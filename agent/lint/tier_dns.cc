// What ClusterNetworkPolicies decide of pods' questions to the cluster's DNS, and to its API server.
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

// What has no address is in what holds every one.
bool TierDns::matches(const ClusterPeer& peer, const Face& face) const {
  if (const auto* pods = std::get_if<model::PodsPeer>(&peer))
    return face.pod != nullptr && !face.pod->host_network && model::matches(pods->pods, face.pod->labels) &&
           model::matches(pods->namespaces, cluster_.namespace_labels(face.pod->name.ns));
  if (const auto* networks = std::get_if<model::NetworksPeer>(&peer))
    return std::ranges::any_of(networks->cidrs, [&](const net::Cidr& cidr) {
      return face.ip ? cidr.contains(*face.ip) : cidr.length() == 0;
    });
  const auto* nodes = std::get_if<model::NodesPeer>(&peer);
  return nodes != nullptr && face.ip && std::ranges::any_of(cluster_.nodes, [&](const auto& node) {
           return std::ranges::find(node.second.addresses, *face.ip) != node.second.addresses.end() &&
                  model::matches(nodes->nodes, node.second.labels);
         });
}

bool TierDns::matches(const ClusterRule& rule, const std::vector<Face>& faces) const {
  if (rule.closed) return rule.action != Action::kAccept;
  return std::ranges::any_of(faces, [&](const Face& face) {
    return holds(rule, face.protocol, face.port, face.pod) &&
           std::ranges::any_of(rule.peers, [&](const auto& peer) { return matches(peer, face); });
  });
}

std::vector<TierDns::Face> TierDns::faces_of(bool udp, Target target) const {
  static const net::Ip node_local = *net::Ip::parse(kNodeLocalAddress);
  const net::Protocol protocol = udp ? net::kUdp : net::kTcp;
  if (target == kNode) return {{protocol, kDnsPort, nullptr, node_local}};
  if (target == kApiServer) return udp ? std::vector<Face>() : faces_of_api_server();
  std::vector<Face> faces;
  const Server& server = dns_.servers.front();
  for (const auto& [at, port] : server.at) {
    if (at != protocol) continue;
    if (server.pod.ips.empty()) faces.push_back({protocol, port, &server.pod});
    for (const net::Ip& ip : server.pod.ips) faces.push_back({protocol, port, &server.pod, ip});
  }
  for (const net::Ip& ip : dns_.service_addresses) faces.push_back({protocol, kDnsPort, nullptr, ip});
  return faces;
}

// A Service that every cluster has; its endpoints are no pods, or hostNetwork ones (Kubernetes documentation, "Accessing
// the API from a Pod").
std::vector<TierDns::Face> TierDns::faces_of_api_server() const {
  const model::ObjectName api{"default", "kubernetes"};
  std::vector<Face> faces;
  const auto service = cluster_.services.find(api);
  if (service == cluster_.services.end()) return faces;
  for (const model::ServicePort& port : service->second.ports)
    for (const net::Ip& ip : service->second.addresses)
      if (port.protocol == net::kTcp) faces.push_back({net::kTcp, port.port, nullptr, ip});
  for (const auto& [name, slice] : cluster_.endpoint_slices) {
    if (name.ns != api.ns || slice.service != api.name) continue;
    for (const model::EndpointPort& port : slice.ports)
      for (const model::Endpoint& endpoint : slice.endpoints)
        for (const net::Ip& ip : endpoint.addresses)
          if (port.protocol == net::kTcp && port.port) faces.push_back({net::kTcp, *port.port, nullptr, ip});
  }
  return faces;
}

TierDns::TierDns(const model::Cluster& cluster, Pods& pods, const Dns& dns) : cluster_(cluster), dns_(dns) {
  for (auto& of_pods : rulings_) of_pods.resize(pods.size());
  for (const bool udp : {true, false})
    for (const Target target : {kCluster, kNode, kApiServer}) {
      const std::vector<Face> faces = faces_of(udp, target);
      if (faces.empty()) continue;
      for (const model::ClusterNetworkPolicy* policy : model::in_order(cluster)) {
        const auto rule =
            std::ranges::find_if(policy->egress, [&](const ClusterRule& one) { return matches(one, faces); });
        if (rule == policy->egress.end()) continue;
        all_.push_back({policy, static_cast<size_t>(rule - policy->egress.begin()), rule->action});
        auto& of_pods = rulings_[place(policy->tier, udp, target)];
        for (const uint32_t pod : pods.selected("", {policy->subject.pods, policy->subject.namespaces}).pods)
          if (of_pods[pod] == nullptr) of_pods[pod] = &all_.back();
      }
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
  using Place = std::pair<const model::ClusterNetworkPolicy*, size_t>;
  std::map<Place, std::vector<uint32_t>> shut_out, shut_out_of_api;
  for (uint32_t pod = 0; pod < pods.size(); ++pod) {
    const TierDns::Ruling* api = tiers.ruling(Tier::kAdmin, pod, false, TierDns::kApiServer);
    if (api != nullptr && api->action == Action::kDeny)
      shut_out_of_api[{api->policy, api->rule}].push_back(pod);
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
  for (const auto& [rule, whom] : shut_out_of_api)
    report.add(Rule::kShutsOutDns, *rule.first, path_of(Direction::kEgress, rule.second),
               {"it denies " + names_of(pods, whom) + " the API server, Service default/kubernetes",
                "accept its addresses and its endpoints', each with its port, in a rule before it"});
}

}  // namespace sluice::lint
