#include "agent/convert/calico_outsiders.h"

#include <algorithm>

#include "agent/source/decode/decode_kinds.h"

namespace sluice::convert {
namespace {

std::vector<net::Cidr> prefixes_of(const CalicoPeers& peers) {
  if (!peers.everyone) return peers.cidrs;
  return {net::Cidr::everything(net::Family::kIpv4), net::Cidr::everything(net::Family::kIpv6)};
}

}  // namespace

bool Outsiders::concern(const Subjects& subjects) const {
  return std::any_of(denied_.begin(), denied_.end(),
                     [&](const Denied& denied) { return !are_apart(denied.subjects, subjects); });
}

// False where nothing is left.
bool Outsiders::cut(const CalicoPolicy& policy, const Denied& denied, CalicoRule& rest) {
  const CalicoRule& deny = denied.rule;
  if (are_apart(denied.subjects, policy.subjects)) return true;
  for (const Subjects& others : denied.elsewhere)
    if (covers(others, policy.subjects)) return true;
  if (!deny.peers.everyone && !overlap(prefixes_of(deny.peers), prefixes_of(rest.peers))) return true;
  if (!deny.all_ports && !rest.all_ports && !overlap(deny.ports, rest.ports)) return true;
  const bool doubtful =
      std::any_of(denied.elsewhere.begin(), denied.elsewhere.end(),
                  [&](const Subjects& others) { return !are_apart(others, policy.subjects); });
  const bool of_its_ports = deny.all_ports || (!rest.all_ports && deny.ports == rest.ports);
  if (doubtful || !covers(denied.subjects, policy.subjects) || !of_its_ports) {
    output_.lose({policy.called, rest.path,
                  "a part of it is denied before, of other pods or ports, to sources that are no pods",
                  "sources that are no pods are left out, which allows less"});
    return false;
  }
  if (deny.peers.everyone) return false;
  std::vector<net::Cidr> left;
  for (const net::Cidr& cidr : prefixes_of(rest.peers))
    for (const net::Cidr& part : without(cidr, deny.peers.cidrs)) left.push_back(part);
  source::decode::make_set(left);
  rest.peers = {false, {}, std::move(left)};
  return !rest.peers.cidrs.empty();
}

// Nodes are no pods, and among the cluster's addresses.
std::vector<net::Cidr> Outsiders::pods() const {
  std::vector<net::Cidr> cidrs;
  for (const net::Cidr& own : cluster_.own)
    for (const net::Cidr& part : without(own, cluster_.nodes)) cidrs.push_back(part);
  return cidrs;
}

std::vector<net::Cidr> Outsiders::pods_among(const std::vector<net::Cidr>& cidrs) const {
  std::vector<net::Cidr> found;
  for (const net::Cidr& pod : pods())
    for (const net::Cidr& cidr : cidrs)
      if (overlap(pod, cidr)) found.push_back(pod.length() > cidr.length() ? pod : cidr);
  source::decode::make_set(found);
  return found;
}

std::optional<CalicoRule> Outsiders::allowed(const CalicoPolicy& policy, const CalicoRule& rule,
                                             bool pods_come) {
  CalicoRule rest = rule;
  rest.peers.pods.clear();
  if (!rest.peers.everyone && rest.peers.cidrs.empty()) return std::nullopt;
  for (const Denied& denied : denied_)
    if (!cut(policy, denied, rest)) return std::nullopt;
  if (!pods_come) return rest;
  if (!cluster_.knows_own()) {
    output_.lose({policy.called, rule.path,
                  "it is of sources outside the cluster too, and " + cluster_.why_unknown,
                  "these are left out, which allows less"});
    return std::nullopt;
  }
  std::vector<net::Cidr> left;
  for (const net::Cidr& cidr : prefixes_of(rest.peers))
    for (const net::Cidr& part : without(cidr, pods())) left.push_back(part);
  source::decode::make_set(left);
  rest.peers = {false, {}, std::move(left)};
  if (rest.peers.cidrs.empty()) return std::nullopt;
  return rest;
}

}  // namespace sluice::convert
