#include "agent/lint/tier_cover.h"

#include <algorithm>

#include "agent/lint/cover.h"
#include "agent/model/domain_name.h"
#include "agent/model/workloads.h"

namespace sluice::lint {
namespace {

using model::ClusterPeer;
using model::ClusterRule;
using model::DomainNamesPeer;
using model::NetworksPeer;
using model::NodesPeer;
using model::PodsPeer;

bool holds_all_of(const model::ClusterProtocol& wide, const model::ClusterProtocol& narrow) {
  const auto* a = std::get_if<model::ProtocolPorts>(&wide);
  const auto* b = std::get_if<model::ProtocolPorts>(&narrow);
  if (a == nullptr || b == nullptr) return wide == narrow;
  return a->protocol == b->protocol && a->ports.first <= b->ports.first && b->ports.last <= a->ports.last;
}

bool has_common_ports(const model::ClusterProtocol& one, const model::ClusterProtocol& other) {
  const auto* a = std::get_if<model::ProtocolPorts>(&one);
  const auto* b = std::get_if<model::ProtocolPorts>(&other);
  if (a == nullptr && b == nullptr) return one == other;
  if (a == nullptr || b == nullptr) return true;
  return a->protocol == b->protocol && a->ports.first <= b->ports.last && b->ports.first <= a->ports.last;
}

template <typename List, typename Test>
bool for_some_pair(const List& one, const List& other, const Test& test) {
  return std::ranges::any_of(one, [&](const auto& a) {
    return std::ranges::any_of(other, [&](const auto& b) { return test(a, b); });
  });
}

// Is it in a CIDR of the rule?
bool is_in_networks(const ClusterRule& rule, const net::Cidr& narrow) {
  return std::ranges::any_of(rule.peers, [&](const ClusterPeer& peer) {
    const auto* networks = std::get_if<NetworksPeer>(&peer);
    return networks != nullptr &&
           std::ranges::any_of(networks->cidrs, [&](const net::Cidr& cidr) { return cidr.contains(narrow); });
  });
}

}  // namespace

TierCover::TierCover(const model::Cluster& cluster, Pods& pods) : cluster_(cluster), pods_(pods) {
  const auto note = [&](const net::Ip& ip) {
    if (!model::is_placeholder(ip)) families_[ip.family() == net::Family::kIpv6] = true;
  };
  for (const auto& [name, pod] : cluster.pods) std::ranges::for_each(pod.ips, note);
  for (const auto& [name, node] : cluster.nodes) std::ranges::for_each(node.addresses, note);
  if (!families_[0] && !families_[1]) families_ = {true, true};
}

bool TierCover::covers(const PodsPeer& wide, const PodsPeer& narrow) const {
  return lint::covers(wide.namespaces, narrow.namespaces) && lint::covers(wide.pods, narrow.pods);
}

// Every address of the families that there are?
bool TierCover::is_everything(const ClusterRule& rule) const {
  return (!families_[0] || is_in_networks(rule, net::Cidr::everything(net::Family::kIpv4))) &&
         (!families_[1] || is_in_networks(rule, net::Cidr::everything(net::Family::kIpv6)));
}

bool TierCover::covers_peer(const ClusterRule& wide, const ClusterPeer& narrow) const {
  if (const auto* networks = std::get_if<NetworksPeer>(&narrow))
    return std::ranges::all_of(networks->cidrs,
                               [&](const net::Cidr& cidr) { return is_in_networks(wide, cidr); });
  if (is_everything(wide)) return true;
  // "*.b.c" holds all that "*.a.b.c" does: it matches the text behind the star.
  if (const auto* domains = std::get_if<DomainNamesPeer>(&narrow))
    return std::ranges::all_of(domains->names, [&](const std::string& name) {
      return std::ranges::any_of(wide.peers, [&](const ClusterPeer& peer) {
        const auto* other = std::get_if<DomainNamesPeer>(&peer);
        return other != nullptr && (std::ranges::find(other->names, name) != other->names.end() ||
                                    model::is_among(name, other->names));
      });
    });
  return std::ranges::any_of(wide.peers, [&](const ClusterPeer& peer) {
    if (const auto* pods = std::get_if<PodsPeer>(&narrow))
      return std::holds_alternative<PodsPeer>(peer) && covers(std::get<PodsPeer>(peer), *pods);
    if (const auto* nodes = std::get_if<NodesPeer>(&narrow))
      return std::holds_alternative<NodesPeer>(peer) &&
             lint::covers(std::get<NodesPeer>(peer).nodes, nodes->nodes);
    return peer == narrow;
  });
}

bool TierCover::covers(const ClusterRule& wide, const ClusterRule& narrow) const {
  if (wide.closed || narrow.closed) return false;
  const bool by_port =
      wide.protocols.empty() ||
      (!narrow.protocols.empty() && std::ranges::all_of(narrow.protocols, [&](const auto& one) {
        return std::ranges::any_of(wide.protocols,
                                   [&](const auto& other) { return holds_all_of(other, one); });
      }));
  return by_port &&
         std::ranges::all_of(narrow.peers, [&](const auto& peer) { return covers_peer(wide, peer); });
}

bool TierCover::may_meet(const PodsPeer& a, const PodsPeer& b) {
  const auto& one = pods_.selected("", {a.pods, a.namespaces}).pods;
  const auto& other = pods_.selected("", {b.pods, b.namespaces}).pods;
  return std::ranges::any_of(one, [&](uint32_t pod) { return std::ranges::binary_search(other, pod); });
}

std::vector<net::Ip> TierCover::addresses_of(const ClusterPeer& peer) {
  std::vector<net::Ip> all;
  const auto add = [&](const auto& ips) { all.insert(all.end(), ips.begin(), ips.end()); };
  if (const auto* pods = std::get_if<PodsPeer>(&peer))
    for (const uint32_t pod : pods_.selected("", {pods->pods, pods->namespaces}).pods) add(pods_.at(pod).ips);
  if (const auto* nodes = std::get_if<NodesPeer>(&peer))
    for (const auto& [name, node] : cluster_.nodes)
      if (model::matches(nodes->nodes, node.labels)) add(node.addresses);
  return all;
}

bool TierCover::may_meet(const ClusterPeer& a, const ClusterPeer& b) {
  const auto *pods_a = std::get_if<PodsPeer>(&a), *pods_b = std::get_if<PodsPeer>(&b);
  if (pods_a != nullptr && pods_b != nullptr) return may_meet(*pods_a, *pods_b);
  const auto *networks_a = std::get_if<NetworksPeer>(&a), *networks_b = std::get_if<NetworksPeer>(&b);
  if (networks_a != nullptr && networks_b != nullptr)
    return for_some_pair(networks_a->cidrs, networks_b->cidrs,
                         [](const net::Cidr& one, const net::Cidr& other) {
                           return one.contains(other) || other.contains(one);
                         });
  // A name may have any address, and whether that is a pod's nobody says.
  const bool named = std::holds_alternative<DomainNamesPeer>(a) || std::holds_alternative<DomainNamesPeer>(b);
  if (named && (networks_a != nullptr || networks_b != nullptr)) return true;
  if (networks_a == nullptr && networks_b == nullptr) {
    const std::vector<net::Ip> one = addresses_of(a), other = addresses_of(b);
    return for_some_pair(one, other, [](const net::Ip& x, const net::Ip& y) { return x == y; });
  }
  const NetworksPeer& networks = networks_a != nullptr ? *networks_a : *networks_b;
  return std::ranges::any_of(addresses_of(networks_a != nullptr ? b : a), [&](const net::Ip& ip) {
    return std::ranges::any_of(networks.cidrs, [&](const net::Cidr& cidr) { return cidr.contains(ip); });
  });
}

bool TierCover::may_meet(const ClusterRule& a, const ClusterRule& b) {
  if (a.closed || b.closed) return false;
  const bool by_port = a.protocols.empty() || b.protocols.empty() ||
                       for_some_pair(a.protocols, b.protocols, [](const auto& one, const auto& other) {
                         return has_common_ports(one, other);
                       });
  return by_port && for_some_pair(a.peers, b.peers,
                                  [&](const auto& one, const auto& other) { return may_meet(one, other); });
}

}  // namespace sluice::lint
