#include "agent/source/feed/encode_policy.h"

namespace sluice::source::feed {
namespace {

v1::LabelRequirement::Operator encode_operator(model::Operator op) {
  switch (op) {
    case model::Operator::kIn:
      return v1::LabelRequirement::OPERATOR_IN;
    case model::Operator::kNotIn:
      return v1::LabelRequirement::OPERATOR_NOT_IN;
    case model::Operator::kExists:
      return v1::LabelRequirement::OPERATOR_EXISTS;
    case model::Operator::kDoesNotExist:
      return v1::LabelRequirement::OPERATOR_DOES_NOT_EXIST;
  }
  return v1::LabelRequirement::OPERATOR_UNSPECIFIED;
}

void fill_selector(const model::LabelSelector& selector, v1::LabelSelector& to) {
  for (const auto& requirement : selector.requirements) {
    auto& entry = *to.add_requirements();
    entry.set_key(requirement.key);
    entry.set_operator_(encode_operator(requirement.op));
    for (const auto& value : requirement.values) entry.add_values(value);
  }
}

void fill_peer(const model::Peer& peer, v1::PolicyPeer& to) {
  if (const auto* block = std::get_if<model::IpBlock>(&peer)) {
    to.mutable_ip_block()->set_cidr(block->cidr.to_text());
    encode_texts(block->except, *to.mutable_ip_block()->mutable_except());
    return;
  }
  const auto& selectors = std::get<model::SelectorPeer>(peer);
  if (selectors.pod_selector) fill_selector(*selectors.pod_selector, *to.mutable_pod_selector());
  if (selectors.namespace_selector)
    fill_selector(*selectors.namespace_selector, *to.mutable_namespace_selector());
}

void fill_rule(const model::Rule& rule, v1::PolicyRule& to) {
  for (const auto& peer : rule.peers) fill_peer(peer, *to.add_peers());
  for (const auto& port : rule.ports) {
    auto& entry = *to.add_ports();
    entry.set_protocol(port.protocol.number());
    if (const auto* name = std::get_if<std::string>(&port.port)) entry.set_name(*name);
    if (const auto* range = std::get_if<net::PortRange>(&port.port)) {
      entry.mutable_range()->set_first(range->first.host());
      entry.mutable_range()->set_last(range->last.host());
    }
  }
}

void fill_pods(const model::PodsPeer& peer, v1::PodsPeer& to) {
  fill_selector(peer.namespaces, *to.mutable_namespaces());
  fill_selector(peer.pods, *to.mutable_pods());
}

void fill_peer(const model::ClusterPeer& peer, v1::ClusterPeer& to) {
  if (const auto* pods = std::get_if<model::PodsPeer>(&peer)) fill_pods(*pods, *to.mutable_pods());
  if (const auto* nodes = std::get_if<model::NodesPeer>(&peer))
    fill_selector(nodes->nodes, *to.mutable_nodes()->mutable_nodes());
  if (const auto* networks = std::get_if<model::NetworksPeer>(&peer))
    encode_texts(networks->cidrs, *to.mutable_networks()->mutable_cidrs());
  if (const auto* domains = std::get_if<model::DomainNamesPeer>(&peer))
    for (const std::string& name : domains->names) to.mutable_domain_names()->add_names(name);
}

void fill_protocol(const model::ClusterProtocol& protocol, v1::ClusterProtocol& to) {
  if (const auto* named = std::get_if<model::NamedPort>(&protocol)) return to.set_name(named->name);
  const auto& entry = std::get<model::ProtocolPorts>(protocol);
  to.mutable_port()->set_protocol(entry.protocol.number());
  // All ports: 0 is none that a rule may name.
  if (entry.ports == net::PortRange::all()) return;
  to.mutable_port()->mutable_range()->set_first(entry.ports.first.host());
  to.mutable_port()->mutable_range()->set_last(entry.ports.last.host());
}

v1::ClusterRule::Action encode_action(model::Action action) {
  switch (action) {
    case model::Action::kAccept:
      return v1::ClusterRule::ACTION_ACCEPT;
    case model::Action::kDeny:
      return v1::ClusterRule::ACTION_DENY;
    case model::Action::kPass:
      return v1::ClusterRule::ACTION_PASS;
  }
  return v1::ClusterRule::ACTION_UNSPECIFIED;
}

void fill_rule(const model::ClusterRule& rule, v1::ClusterRule& to) {
  to.set_name(rule.name);
  to.set_action(encode_action(rule.action));
  to.set_closed(rule.closed);
  for (const auto& peer : rule.peers) fill_peer(peer, *to.add_peers());
  for (const auto& protocol : rule.protocols) fill_protocol(protocol, *to.add_protocols());
}

}  // namespace

void fill(const model::NetworkPolicy& policy, v1::Object& object) {
  auto& to = *object.mutable_network_policy();
  *to.mutable_name() = encode_name(policy.name);
  fill_selector(policy.pod_selector, *to.mutable_pod_selector());
  to.set_isolates_ingress(policy.isolates_ingress);
  to.set_isolates_egress(policy.isolates_egress);
  for (const auto& rule : policy.ingress) fill_rule(rule, *to.add_ingress());
  for (const auto& rule : policy.egress) fill_rule(rule, *to.add_egress());
  to.set_audit(policy.audit);
  to.set_log_level(static_cast<v1::NetworkPolicy::LogLevel>(policy.log_level));
  to.set_metrics(policy.metrics);
  to.set_active(policy.active);
}

void fill(const model::ClusterNetworkPolicy& policy, v1::Object& object) {
  auto& to = *object.mutable_cluster_network_policy();
  *to.mutable_name() = encode_name(policy.name);
  to.set_tier(policy.tier == model::Tier::kAdmin ? v1::ClusterNetworkPolicy::TIER_ADMIN
                                                 : v1::ClusterNetworkPolicy::TIER_BASELINE);
  to.set_priority(policy.priority);
  fill_pods(policy.subject, *to.mutable_subject());
  for (const auto& rule : policy.ingress) fill_rule(rule, *to.add_ingress());
  for (const auto& rule : policy.egress) fill_rule(rule, *to.add_egress());
  to.set_active(policy.active);
}

}  // namespace sluice::source::feed
