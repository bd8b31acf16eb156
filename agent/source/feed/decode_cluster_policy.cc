// ClusterNetworkPolicy of the feed (semantics 43 to 63).
#include "agent/source/decode/names.h"
#include "agent/source/feed/field.h"
#include "agent/source/feed/limits.h"

namespace sluice::source::feed {
namespace {

model::PodsPeer decode_pods(const FeedField& field, const v1::PodsPeer& from) {
  return {decode_selector(field.at("namespaces"), from.namespaces()),
          decode_selector(field.at("pods"), from.pods())};
}

model::NetworksPeer decode_networks(const FeedField& field, const v1::NetworksPeer& from) {
  const FeedField cidrs = field.at("cidrs");
  if (from.cidrs().empty()) cidrs.fail("is empty: a peer has at least one");
  return {cidrs.set(from.cidrs(),
                    [](const FeedField& item, const std::string& text) { return item.cidr(text); })};
}

model::DomainNamesPeer decode_domain_names(const FeedField& field, const v1::DomainNamesPeer& from) {
  const FeedField names = field.at("names");
  if (from.names().empty()) names.fail("is empty: a peer has at least one");
  return {names.set(from.names(),
                    [](const FeedField& item, const std::string& text) { return item.opaque(text); })};
}

// Where a peer stands.
struct Place {
  model::Tier tier;
  model::Direction direction;
  model::Action action;
};

model::ClusterPeer decode_cluster_peer(const FeedField& field, const v1::ClusterPeer& from,
                                       const Place& place) {
  using v1::ClusterPeer;
  const bool egress = place.direction == model::Direction::kEgress;
  const bool accepts = place.tier == model::Tier::kAdmin && place.action == model::Action::kAccept;
  if (from.peer_case() > ClusterPeer::kPods && !egress)
    field.fail("is no peer of an ingress rule: only pods may be");
  switch (from.peer_case()) {
    case ClusterPeer::kPods:
      return decode_pods(field.at("pods"), from.pods());
    case ClusterPeer::kNodes:
      return model::NodesPeer{decode_selector(field.at("nodes").at("nodes"), from.nodes().nodes())};
    case ClusterPeer::kNetworks:
      return decode_networks(field.at("networks"), from.networks());
    case ClusterPeer::kDomainNames:
      if (!accepts) field.fail("names domains, which only rules of tier Admin may that accept");
      return decode_domain_names(field.at("domain_names"), from.domain_names());
    case ClusterPeer::PEER_NOT_SET:
      break;
  }
  field.fail("has no peer: one of pods, nodes, networks and domain_names must be there");
  return model::PodsPeer();
}

model::ClusterProtocol decode_cluster_protocol(const FeedField& field, const v1::ClusterProtocol& from) {
  if (from.has_name()) return model::NamedPort{field.at("name").port_name(from.name())};
  if (!from.has_port()) field.fail("has no protocol: one of port and name must be there");
  if (from.port().has_name()) field.at("port").fail("has a name: only a range may be there");
  const model::PolicyPort port = decode_port(field.at("port"), from.port());
  const auto* range = std::get_if<net::PortRange>(&port.port);
  return model::ProtocolPorts{port.protocol, range ? *range : net::PortRange::all()};
}

model::Action decode_rule_action(const FeedField& field, int action) {
  switch (action) {
    case v1::ClusterRule::ACTION_ACCEPT:
      return model::Action::kAccept;
    case v1::ClusterRule::ACTION_DENY:
      return model::Action::kDeny;
    case v1::ClusterRule::ACTION_PASS:
      return model::Action::kPass;
    default:  // an open set: whatever number stands in the message
      field.fail(std::to_string(action) + " is not an action: use Accept, Deny or Pass");
      return model::Action::kDeny;
  }
}

model::ClusterRule decode_cluster_rule(const FeedField& field, const v1::ClusterRule& from, model::Tier tier,
                                       model::Direction direction) {
  model::ClusterRule rule;
  rule.name = field.at("name").opaque(from.name());
  rule.action = decode_rule_action(field.at("action"), from.action());
  rule.closed = from.closed();
  const Place place{tier, direction, rule.action};
  rule.peers = field.at("peers").each(from.peers(), [&](const FeedField& item, const v1::ClusterPeer& peer) {
    return decode_cluster_peer(item, peer, place);
  });
  rule.protocols = field.at("protocols").each(from.protocols(), decode_cluster_protocol);
  if (rule.closed && (!rule.peers.empty() || !rule.protocols.empty()))
    field.fail("is closed and has peers or protocols: leave these out");
  if (rule.closed && rule.action == model::Action::kPass) field.fail("is closed and passes: write Deny");
  if (!rule.closed && rule.peers.empty()) field.at("peers").fail("is empty: a rule has at least one");
  return rule;
}

model::Tier decode_tier(const FeedField& field, int tier) {
  if (tier == v1::ClusterNetworkPolicy::TIER_BASELINE) return model::Tier::kBaseline;
  if (tier != v1::ClusterNetworkPolicy::TIER_ADMIN)
    field.fail(std::to_string(tier) + " is not a tier: use Admin or Baseline");
  return model::Tier::kAdmin;
}

}  // namespace

model::ClusterNetworkPolicy decode_cluster_policy(const FeedField& root,
                                                  const v1::ClusterNetworkPolicy& from) {
  model::ClusterNetworkPolicy policy;
  policy.tier = decode_tier(root.at("tier"), from.tier());
  policy.priority = from.priority();
  policy.subject = decode_pods(root.at("subject"), from.subject());
  const auto rules_of = [&](model::Direction direction) {
    return [&policy, direction](const FeedField& field, const v1::ClusterRule& rule) {
      return decode_cluster_rule(field, rule, policy.tier, direction);
    };
  };
  policy.ingress = root.at("ingress").each(from.ingress(), rules_of(model::Direction::kIngress));
  policy.egress = root.at("egress").each(from.egress(), rules_of(model::Direction::kEgress));
  policy.active = decode_hours(root.at("active"), from.active());
  return policy;
}

}  // namespace sluice::source::feed
