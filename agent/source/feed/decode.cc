#include "agent/source/feed/decode.h"

#include <algorithm>
#include <set>

#include "agent/base/excerpt.h"
#include "agent/source/decode/names.h"
#include "agent/source/feed/field.h"
#include "agent/source/feed/limits.h"

namespace sluice::source::feed {
namespace {

using base::Error;
using base::Result;
using model::Kind;

model::ContainerPort decode_container_port(const FeedField& field, const v1::ContainerPort& from) {
  model::ContainerPort port;
  if (!from.name().empty()) port.name = field.at("name").port_name(from.name());
  port.protocol = field.at("protocol").protocol(from.protocol());
  port.port = field.at("port").port(from.port());
  return port;
}

model::HostPort decode_host_port(const FeedField& field, const v1::HostPort& from) {
  model::HostPort port;
  port.protocol = field.at("protocol").protocol(from.protocol());
  port.port = field.at("port").port(from.port());
  if (!from.ip().empty()) port.ip = field.at("ip").ip(from.ip());
  port.target = field.at("target").port(from.target());
  return port;
}

model::PodPhase decode_phase(const FeedField& field, int phase) {
  switch (phase) {
    case v1::Pod::PHASE_UNKNOWN:
      return model::PodPhase::kUnknown;
    case v1::Pod::PHASE_PENDING:
      return model::PodPhase::kPending;
    case v1::Pod::PHASE_RUNNING:
      return model::PodPhase::kRunning;
    case v1::Pod::PHASE_SUCCEEDED:
      return model::PodPhase::kSucceeded;
    case v1::Pod::PHASE_FAILED:
      return model::PodPhase::kFailed;
    default:  // an open set: whatever number stands in the message
      field.fail(std::to_string(phase) +
                 " is not a phase: use Pending, Running, Succeeded, Failed or Unknown");
      return model::PodPhase::kUnknown;
  }
}

// At most one a family (Kubernetes API validation).
std::vector<net::Ip> decode_pod_ips(const FeedField& field, const v1::Pod& from) {
  std::vector<net::Ip> ips;
  field.each(from.ips(), [&ips](const FeedField& item, const std::string& text) {
    const net::Ip ip = item.ip(text);
    if (std::ranges::find(ips, ip) != ips.end()) return 0;
    if (std::ranges::none_of(ips, [&](const net::Ip& other) { return other.family() == ip.family(); }))
      ips.push_back(ip);
    else
      item.fail(ip.to_text() + " is a second " + std::string(net::to_text(ip.family())) +
                " address: a pod has at most one a family");
    return 0;
  });
  return ips;
}

net::Cidr decode_cidr(const FeedField& item, const std::string& text) {
  return item.cidr(text);
}

model::Pod decode_pod(const FeedField& root, const v1::Pod& from) {
  model::Pod pod;
  pod.uid = root.at("uid").opaque(from.uid());
  pod.node_name = root.at("node_name").opaque(from.node_name());
  pod.labels = root.at("labels").labels(from.labels());
  pod.host_network = from.host_network();
  pod.phase = decode_phase(root.at("phase"), from.phase());
  pod.ready = !from.not_ready();
  pod.terminating = from.terminating();
  pod.created = from.created();
  pod.ips = decode_pod_ips(root.at("ips"), from);
  pod.host_ports = root.at("host_ports").each(from.host_ports(), decode_host_port);
  if (pod.host_network && !pod.host_ports.empty())
    root.at("host_ports").fail("must be empty: with host_network nothing is rewritten");
  pod.ports = root.at("ports").each(from.ports(), decode_container_port);
  pod.source_prefixes = root.at("source_prefixes").set(from.source_prefixes(), decode_cidr);
  pod.controller = root.at("controller").opaque(from.controller());
  pod.flows = from.flows();
  pod.observe_allowed = from.observe_allowed();
  return pod;
}

model::Namespace decode_namespace(const FeedField& root, const v1::Namespace& from) {
  model::Namespace ns;
  ns.labels = root.at("labels").labels(from.labels());
  ns.labels[model::kNamespaceNameLabel] = from.name().name();  // semantics 5
  ns.source_prefixes = root.at("source_prefixes").set(from.source_prefixes(), decode_cidr);
  ns.observe_allowed = from.observe_allowed();
  ns.audit = from.audit();
  return ns;
}

net::Ip decode_ip(const FeedField& item, const std::string& text) {
  return item.ip(text);
}

model::Node decode_node(const FeedField& root, const v1::Node& from) {
  model::Node node;
  node.addresses = root.at("addresses").set(from.addresses(), decode_ip);
  node.pod_cidrs = root.at("pod_cidrs").set(from.pod_cidrs(), decode_cidr);
  node.labels = root.at("labels").labels(from.labels());
  return node;
}

model::ServicePort decode_service_port(const FeedField& field, const v1::ServicePort& from) {
  model::ServicePort port;
  port.name = field.at("name").slice_port_name(from.name());
  port.protocol = field.at("protocol").protocol(from.protocol());
  port.port = field.at("port").port(from.port());
  port.target = port.port;
  if (from.node_port() != 0) port.node_port = field.at("node_port").port(from.node_port());
  if (from.target_case() == v1::ServicePort::kTargetNumber)
    port.target = field.at("target_number").port(from.target_number());
  if (from.target_case() == v1::ServicePort::kTargetName)
    port.target = field.at("target_name").port_name(from.target_name());
  return port;
}

void check_service_ports(const FeedField& field, const std::vector<model::ServicePort>& ports) {
  std::set<std::string_view> names;
  std::set<std::pair<net::Protocol, net::Port>> numbers;
  int index = 0;
  for (const auto& port : ports) {
    const FeedField item = field.at(index++);
    if (!names.insert(port.name).second) item.fail("has the name of an earlier port: give each port its own");
    if (!numbers.emplace(port.protocol, port.port).second)
      item.fail(port.protocol.to_text() + " port " + std::to_string(port.port.host()) + " stands twice");
  }
}

model::Service decode_service(const FeedField& root, const v1::Service& from) {
  model::Service service;
  service.addresses = root.at("addresses").set(from.addresses(), decode_ip);
  const FeedField local = root.at("local_addresses");
  service.local_addresses = local.set(from.local_addresses(), decode_ip);
  if (!std::ranges::includes(service.addresses, service.local_addresses))
    local.fail("holds an address that addresses lacks: name it in both");
  service.headless = from.headless();
  service.publish_not_ready = from.publish_not_ready();
  if (from.ipv4()) service.families.push_back(net::Family::kIpv4);
  if (from.ipv6()) service.families.push_back(net::Family::kIpv6);
  service.ports = root.at("ports").each(from.ports(), decode_service_port);
  check_service_ports(root.at("ports"), service.ports);
  const model::Labels selector = root.at("selector").labels(from.selector());
  if (!selector.empty() && !from.has_selector())
    root.at("selector").fail("is there while has_selector is false: set has_selector, or leave it out");
  if (from.has_selector()) service.selector = selector;
  return service;
}

model::EndpointPort decode_slice_port(const FeedField& field, const v1::SlicePort& from) {
  model::EndpointPort port;
  port.name = field.at("name").slice_port_name(from.name());
  port.protocol = field.at("protocol").protocol(from.protocol());
  if (from.port() != 0) port.port = field.at("port").port(from.port());
  return port;
}

model::EndpointSlice decode_slice(const FeedField& root, const v1::EndpointSlice& from) {
  model::EndpointSlice slice;
  slice.service = from.service();
  root.at("service").check(slice.service, source::decode::label_value_fault(slice.service));
  slice.family = from.ipv6() ? net::Family::kIpv6 : net::Family::kIpv4;
  slice.ports = root.at("ports").each(from.ports(), decode_slice_port);
  const auto address = [&slice](const FeedField& item, const std::string& text) {
    const net::Ip ip = item.ip(text);
    if (ip.family() != slice.family)
      item.fail(ip.to_text() + " is not " + std::string(net::to_text(slice.family)) +
                " as the slice's ipv6 says");
    return ip;
  };
  slice.endpoints =
      root.at("endpoints").each(from.endpoints(), [&](const FeedField& field, const v1::SliceEndpoint& item) {
        const FeedField addresses = field.at("addresses");
        if (item.addresses().empty()) addresses.fail("is empty: an endpoint has at least one address");
        return model::Endpoint{addresses.each(item.addresses(), address), item.ready(), item.serving(),
                               item.terminating(), field.at("node_name").opaque(item.node_name())};
      });
  return slice;
}

// Which kind stands in an Object, with its name; nullptr: none known.
struct Written {
  Kind kind = Kind::kPod;
  const v1::ObjectName* name = nullptr;
};
Written written(const v1::Object& object) {
  switch (object.kind_case()) {
    case v1::Object::kPod:
      return {Kind::kPod, &object.pod().name()};
    case v1::Object::kNamespace:
      return {Kind::kNamespace, &object.namespace_().name()};
    case v1::Object::kNode:
      return {Kind::kNode, &object.node().name()};
    case v1::Object::kService:
      return {Kind::kService, &object.service().name()};
    case v1::Object::kEndpointSlice:
      return {Kind::kEndpointSlice, &object.endpoint_slice().name()};
    case v1::Object::kNetworkPolicy:
      return {Kind::kNetworkPolicy, &object.network_policy().name()};
    case v1::Object::kClusterNetworkPolicy:
      return {Kind::kClusterNetworkPolicy, &object.cluster_network_policy().name()};
    case v1::Object::KIND_NOT_SET:
      break;
  }
  return {};
}
Written written(const v1::ObjectId& id) {
  static constexpr Kind kKindOf[] = {
      Kind::kPod,     Kind::kPod,           Kind::kNamespace,     Kind::kNode,
      Kind::kService, Kind::kEndpointSlice, Kind::kNetworkPolicy, Kind::kClusterNetworkPolicy};
  const bool known = id.kind() > v1::KIND_UNSPECIFIED && id.kind() <= v1::KIND_CLUSTER_NETWORK_POLICY;
  return known ? Written{kKindOf[id.kind()], &id.name()} : Written{};
}

Result<model::ObjectId> id_of(const Written& what) {
  if (what.name == nullptr)
    return Error(
        "object of no kind that is known here: use Pod, Namespace, Node, Service, EndpointSlice, "
        "NetworkPolicy or ClusterNetworkPolicy");
  const model::ObjectId id{what.kind, {what.name->namespace_(), what.name->name()}};
  if (id.name.ns.size() > kFeedLongestText || id.name.name.size() > kFeedLongestText)
    return Error(to_line(id) + ": the name is longer than any may be");
  return id;
}

void check_name(const FeedField& field, const model::ObjectId& id) {
  const FeedField name = field.at("name"), ns = field.at("namespace");
  const bool label = id.kind == Kind::kNamespace || id.kind == Kind::kService;
  name.check(id.name.name, label ? source::decode::dns_label_fault(id.name.name)
                                 : source::decode::dns_subdomain_fault(id.name.name));
  const bool namespaced =
      id.kind != Kind::kNamespace && id.kind != Kind::kNode && id.kind != Kind::kClusterNetworkPolicy;
  if (namespaced) return ns.check(id.name.ns, source::decode::dns_label_fault(id.name.ns));
  if (!id.name.ns.empty()) ns.fail("must be empty: the kind belongs to no namespace");
}

template <typename Value>
model::Object named(Value value, const model::ObjectId& id) {
  value.name = id.name;
  return value;
}

model::Object decode_value(const FeedField& root, const v1::Object& object, const model::ObjectId& id) {
  switch (id.kind) {
    case Kind::kPod:
      return named(decode_pod(root, object.pod()), id);
    case Kind::kNamespace:
      return named(decode_namespace(root, object.namespace_()), id);
    case Kind::kNode:
      return named(decode_node(root, object.node()), id);
    case Kind::kService:
      return named(decode_service(root, object.service()), id);
    case Kind::kEndpointSlice:
      return named(decode_slice(root, object.endpoint_slice()), id);
    case Kind::kNetworkPolicy:
      return named(decode_policy(root, object.network_policy()), id);
    case Kind::kClusterNetworkPolicy:
      break;
  }
  return named(decode_cluster_policy(root, object.cluster_network_policy()), id);
}

}  // namespace

std::string to_line(const model::ObjectId& id) {
  const std::string line = base::one_line(id.to_text());
  return line.size() <= kFeedLongestText ? line : line.substr(0, kFeedLongestText) + "…";
}

Result<model::ObjectId> id_as_written(const v1::Object& object) {
  return id_of(written(object));
}

Result<model::ObjectId> id_as_written(const v1::ObjectId& id) {
  return id_of(written(id));
}

Result<model::Object> decode(const v1::Object& object) {
  const auto id = id_as_written(object);
  if (!id) return id.error();
  source::decode::Decoding decoding;
  const FeedField root(decoding);
  check_name(root.at("name"), *id);
  model::Object value = decode_value(root, object, *id);
  if (const auto& fault = decoding.fault())
    return Error(to_line(*id) + ": " + fault->field + ": " + fault->message);
  return value;
}

}  // namespace sluice::source::feed
