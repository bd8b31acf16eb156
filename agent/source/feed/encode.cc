#include "agent/source/feed/encode.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace sluice::source::feed {
namespace {

v1::ObjectName encode_name(const model::ObjectName& name) {
  v1::ObjectName to;
  to.set_namespace_(name.ns);
  to.set_name(name.name);
  return to;
}

template <typename Map>
void encode_labels(const model::Labels& labels, Map& to) {
  for (const auto& [key, value] : labels) to[key] = value;
}

template <typename Values, typename List>
void encode_texts(const Values& values, List& to) {
  for (const auto& value : values) *to.Add() = value.to_text();
}

v1::Kind encode_kind(model::Kind kind) {
  switch (kind) {
    case model::Kind::kPod:
      return v1::KIND_POD;
    case model::Kind::kNamespace:
      return v1::KIND_NAMESPACE;
    case model::Kind::kNode:
      return v1::KIND_NODE;
    case model::Kind::kService:
      return v1::KIND_SERVICE;
    case model::Kind::kEndpointSlice:
      return v1::KIND_ENDPOINT_SLICE;
    case model::Kind::kNetworkPolicy:
      return v1::KIND_NETWORK_POLICY;
  }
  return v1::KIND_UNSPECIFIED;
}

v1::Pod::Phase encode_phase(model::PodPhase phase) {
  switch (phase) {
    case model::PodPhase::kPending:
      return v1::Pod::PHASE_PENDING;
    case model::PodPhase::kRunning:
      return v1::Pod::PHASE_RUNNING;
    case model::PodPhase::kSucceeded:
      return v1::Pod::PHASE_SUCCEEDED;
    case model::PodPhase::kFailed:
      return v1::Pod::PHASE_FAILED;
    case model::PodPhase::kUnknown:
      break;
  }
  return v1::Pod::PHASE_UNKNOWN;
}

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

void fill(const model::Pod& pod, v1::Object& object) {
  auto& to = *object.mutable_pod();
  *to.mutable_name() = encode_name(pod.name);
  to.set_uid(pod.uid);
  to.set_node_name(pod.node_name);
  encode_labels(pod.labels, *to.mutable_labels());
  to.set_host_network(pod.host_network);
  to.set_phase(encode_phase(pod.phase));
  to.set_not_ready(!pod.ready);
  to.set_created(pod.created);
  to.set_terminating(pod.terminating);
  for (const auto& host_port : pod.host_ports) {
    auto& entry = *to.add_host_ports();
    entry.set_protocol(host_port.protocol.number());
    entry.set_port(host_port.port.host());
    if (host_port.ip) entry.set_ip(host_port.ip->to_text());
    entry.set_target(host_port.target.host());
  }
  encode_texts(pod.ips, *to.mutable_ips());
  for (const auto& port : pod.ports) {
    auto& entry = *to.add_ports();
    entry.set_name(port.name);
    entry.set_protocol(port.protocol.number());
    entry.set_port(port.port.host());
  }
  encode_texts(pod.source_prefixes, *to.mutable_source_prefixes());
  to.set_controller(pod.controller);
  to.set_flows(pod.flows);
  to.set_observe_allowed(pod.observe_allowed);
}

void fill(const model::Namespace& ns, v1::Object& object) {
  auto& to = *object.mutable_namespace_();
  *to.mutable_name() = encode_name(ns.name);
  encode_labels(ns.labels, *to.mutable_labels());
  encode_texts(ns.source_prefixes, *to.mutable_source_prefixes());
  to.set_observe_allowed(ns.observe_allowed);
  to.set_audit(ns.audit);
}

void fill(const model::Node& node, v1::Object& object) {
  auto& to = *object.mutable_node();
  *to.mutable_name() = encode_name(node.name);
  encode_texts(node.addresses, *to.mutable_addresses());
  encode_texts(node.pod_cidrs, *to.mutable_pod_cidrs());
}

void fill(const model::Service& service, v1::Object& object) {
  auto& to = *object.mutable_service();
  *to.mutable_name() = encode_name(service.name);
  encode_texts(service.addresses, *to.mutable_addresses());
  encode_texts(service.local_addresses, *to.mutable_local_addresses());
  to.set_headless(service.headless);
  to.set_publish_not_ready(service.publish_not_ready);
  for (const net::Family family : service.families)
    family == net::Family::kIpv4 ? to.set_ipv4(true) : to.set_ipv6(true);
  for (const auto& port : service.ports) {
    auto& entry = *to.add_ports();
    entry.set_name(port.name);
    entry.set_protocol(port.protocol.number());
    entry.set_port(port.port.host());
    if (port.node_port) entry.set_node_port(port.node_port->host());
    if (const auto* name = std::get_if<std::string>(&port.target))
      entry.set_target_name(*name);
    else
      entry.set_target_number(std::get<net::Port>(port.target).host());
  }
  to.set_has_selector(service.selector.has_value());
  if (service.selector) encode_labels(*service.selector, *to.mutable_selector());
}

void fill(const model::EndpointSlice& slice, v1::Object& object) {
  auto& to = *object.mutable_endpoint_slice();
  *to.mutable_name() = encode_name(slice.name);
  to.set_service(slice.service);
  to.set_ipv6(slice.family == net::Family::kIpv6);
  for (const auto& port : slice.ports) {
    auto& entry = *to.add_ports();
    entry.set_name(port.name);
    entry.set_protocol(port.protocol.number());
    if (port.port) entry.set_port(port.port->host());
  }
  for (const auto& endpoint : slice.endpoints) {
    auto& entry = *to.add_endpoints();
    encode_texts(endpoint.addresses, *entry.mutable_addresses());
    entry.set_ready(endpoint.ready);
    entry.set_serving(endpoint.serving);
    entry.set_terminating(endpoint.terminating);
    entry.set_node_name(endpoint.node_name);
  }
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
}

}  // namespace

v1::Object encode(const model::Object& object) {
  v1::Object to;
  std::visit([&to](const auto& value) { fill(value, to); }, object);
  return to;
}

std::string pack(const model::Object& object) {
  const v1::Object message = encode(object);
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

v1::ObjectId encode(const model::ObjectId& id) {
  v1::ObjectId to;
  to.set_kind(encode_kind(id.kind));
  *to.mutable_name() = encode_name(id.name);
  return to;
}

v1::Event encode(const model::Change& change, int64_t observed) {
  v1::Event event;
  if (change.is_removal())
    *event.mutable_removed() = encode(std::get<1>(change.what));
  else
    *event.mutable_upsert() = encode(std::get<0>(change.what));
  event.set_observed(observed);
  return event;
}

}  // namespace sluice::source::feed
