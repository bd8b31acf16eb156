#include "agent/source/feed/encode.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "agent/source/feed/encode_policy.h"

namespace sluice::source::feed {
namespace {

template <typename Map>
void encode_labels(const model::Labels& labels, Map& to) {
  for (const auto& [key, value] : labels) to[key] = value;
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
    case model::Kind::kClusterNetworkPolicy:
      return v1::KIND_CLUSTER_NETWORK_POLICY;
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
  encode_labels(node.labels, *to.mutable_labels());
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
