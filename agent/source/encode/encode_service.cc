// v1 Service and discovery.k8s.io/v1 EndpointSlice.
#include <algorithm>

#include "agent/source/encode/encode_kinds.h"

namespace sluice::source::encode {

namespace json = boost::json;

namespace {

json::array texts_of(const std::vector<net::Ip>& ips) {
  json::array texts;
  for (const net::Ip& ip : ips) texts.emplace_back(ip.to_text());
  return texts;
}

// Cluster IPs are those that internalTrafficPolicy says something of, else the first of each family.
void add_addresses(const model::Service& service, json::object& spec) {
  std::vector<net::Ip> cluster_ips = service.local_addresses, external = service.addresses;
  for (const net::Ip& ip : cluster_ips) std::erase(external, ip);
  const bool chooses = cluster_ips.empty() && !service.headless;
  for (const net::Family family : service.families) {
    const auto first = std::ranges::find(external, family, &net::Ip::family);
    if (!chooses || first == external.end()) continue;
    cluster_ips.push_back(*first);
    external.erase(first);
  }
  json::array written;
  if (service.headless) written.emplace_back("None");
  for (const net::Ip& ip : cluster_ips) written.emplace_back(ip.to_text());
  if (!written.empty()) spec["clusterIPs"] = std::move(written);
  if (!external.empty()) spec["externalIPs"] = texts_of(external);
  if (!service.local_addresses.empty()) spec["internalTrafficPolicy"] = "Local";
}

json::object port_object(const model::ServicePort& port) {
  json::object object;
  if (!port.name.empty()) object["name"] = port.name;
  object["protocol"] = port.protocol.to_text();
  object["port"] = port.port.host();
  if (const auto* name = std::get_if<std::string>(&port.target))
    object["targetPort"] = *name;
  else if (const auto target = std::get<net::Port>(port.target); target != port.port)
    object["targetPort"] = target.host();
  if (port.node_port) object["nodePort"] = port.node_port->host();
  return object;
}

json::object port_object(const model::EndpointPort& port) {
  json::object object;
  if (!port.name.empty()) object["name"] = port.name;
  object["protocol"] = port.protocol.to_text();
  if (port.port) object["port"] = port.port->host();
  return object;
}

json::object endpoint_object(const model::Endpoint& endpoint) {
  json::object object{{"addresses", texts_of(endpoint.addresses)}}, conditions;
  if (!endpoint.ready) conditions["ready"] = false;
  if (endpoint.serving != endpoint.ready) conditions["serving"] = endpoint.serving;
  if (endpoint.terminating) conditions["terminating"] = true;
  if (!conditions.empty()) object["conditions"] = std::move(conditions);
  if (!endpoint.node_name.empty()) object["nodeName"] = endpoint.node_name;
  return object;
}

template <typename Ports>
json::array ports_of(const Ports& ports) {
  json::array all;
  for (const auto& port : ports) all.push_back(port_object(port));
  return all;
}

}  // namespace

json::object to_json_object(const model::Service& service) {
  json::object object = object_of("v1", "Service", service.name), spec;
  add_addresses(service, spec);
  json::array families;
  for (const net::Family family : service.families) families.emplace_back(net::to_text(family));
  if (!families.empty()) spec["ipFamilies"] = std::move(families);
  if (service.publish_not_ready) spec["publishNotReadyAddresses"] = true;
  if (service.selector && !service.selector->empty()) spec["selector"] = labels_object(*service.selector);
  if (!service.ports.empty()) spec["ports"] = ports_of(service.ports);
  object["spec"] = std::move(spec);
  return object;
}

json::object to_json_object(const model::EndpointSlice& slice) {
  json::object object = object_of("discovery.k8s.io/v1", "EndpointSlice", slice.name);
  if (!slice.service.empty())
    object["metadata"].as_object()["labels"] = json::object{{"kubernetes.io/service-name", slice.service}};
  object["addressType"] = net::to_text(slice.family);
  json::array endpoints;
  for (const model::Endpoint& endpoint : slice.endpoints) endpoints.push_back(endpoint_object(endpoint));
  object["ports"] = ports_of(slice.ports);
  object["endpoints"] = std::move(endpoints);
  return object;
}

}  // namespace sluice::source::encode
