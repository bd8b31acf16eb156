// discovery.k8s.io/v1 EndpointSlice (semantics 22).
#include "agent/base/excerpt.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/source/decode/names.h"

namespace sluice::source::decode {
namespace {

constexpr char kServiceNameLabel[] = "kubernetes.io/service-name";

model::EndpointPort decode_endpoint_port(const Field& item) {
  model::EndpointPort port;
  Field name = item.get("name"), number = item.get("port");
  port.name = name.text();
  if (!port.name.empty()) name.check(port.name, dns_label_fault(port.name));
  port.protocol = decode_protocol(item.get("protocol"));
  if (!number.absent()) port.port = decode_port(number);
  return port;
}

model::Endpoint decode_endpoint(const Field& item, net::Family family) {
  model::Endpoint endpoint;
  Field addresses = item.get("addresses"), conditions = item.get("conditions");
  addresses.each([&](const Field& field) {
    net::Ip ip = decode_ip(field);
    if (ip.family() != family)
      field.fail(ip.to_text() + " is not " + std::string(net::to_text(family)) +
                 " as the slice's addressType says");
    endpoint.addresses.push_back(ip);
  });
  if (endpoint.addresses.empty()) addresses.fail("is empty: an endpoint has at least one address");
  endpoint.ready = conditions.get("ready").boolean().value_or(true);
  endpoint.serving = conditions.get("serving").boolean().value_or(endpoint.ready);
  endpoint.terminating = conditions.get("terminating").boolean().value_or(false);
  endpoint.node_name = item.get("nodeName").text();
  return endpoint;
}

}  // namespace

std::optional<model::EndpointSlice> decode_endpoint_slice(const Field& root, model::ObjectName name) {
  model::EndpointSlice slice;
  slice.name = std::move(name);
  Field type = root.get("addressType");
  std::string text = type.required_text();
  if (text == "FQDN") return std::nullopt;
  if (text == net::to_text(net::Family::kIpv6))
    slice.family = net::Family::kIpv6;
  else if (text != net::to_text(net::Family::kIpv4))
    type.fail(base::excerpt(text) + " is not an address type: use IPv4, IPv6 or FQDN");
  auto labels = decode_labels(root.get("metadata").get("labels"));
  if (auto found = labels.find(kServiceNameLabel); found != labels.end()) slice.service = found->second;
  root.get("ports").each([&](const Field& item) { slice.ports.push_back(decode_endpoint_port(item)); });
  root.get("endpoints").each([&](const Field& item) {
    slice.endpoints.push_back(decode_endpoint(item, slice.family));
  });
  return slice;
}

}  // namespace sluice::source::decode
