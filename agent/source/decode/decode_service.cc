// v1 Service (semantics 21, 22).
#include <array>

#include "agent/base/excerpt.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/source/decode/names.h"

namespace sluice::source::decode {
namespace {

constexpr std::string_view kNoClusterIp = "None";

std::variant<net::Port, std::string> decode_target(const Field& field, net::Port port) {
  if (field.absent()) return port;
  if (field.is_plain_number()) return field.integer() == 0 ? port : decode_port(field);  // 0 is as absent
  std::string name = field.text();
  if (name.empty()) return port;
  field.check(name, port_name_fault(name));
  return name;
}

model::ServicePort decode_service_port(const Field& item) {
  model::ServicePort port;
  Field name = item.get("name"), node_port = item.get("nodePort");
  port.name = name.text();
  if (!port.name.empty()) name.check(port.name, dns_label_fault(port.name));
  port.protocol = decode_protocol_or_empty(item.get("protocol"));
  port.port = decode_port(item.get("port"));
  if (node_port.integer().value_or(0) != 0) port.node_port = decode_port(node_port);
  port.target = decode_target(item.get("targetPort"), port.port);
  return port;
}

void decode_service_ports(const Field& field, model::Service& service) {
  field.each([&](const Field& item) {
    model::ServicePort port = decode_service_port(item);
    for (const auto& other : service.ports) {
      if (other.name == port.name)
        item.fail(port.name.empty()
                      ? "has no name: the ports of a service with several need one each"
                      : "has the name " + base::excerpt(port.name) + " that an earlier port has");
      if (other.port == port.port && other.protocol == port.protocol)
        item.fail(port.protocol.to_text() + " port " + std::to_string(port.port.host()) + " stands twice");
    }
    service.ports.push_back(std::move(port));
  });
}

// The cluster IPs as written: clusterIPs, else clusterIP. "None" makes the service headless.
std::vector<net::Ip> decode_cluster_ips(const Field& spec, model::Service& service) {
  std::vector<net::Ip> ips;
  auto add = [&](const Field& field) {
    std::string text = field.text();
    if (text == kNoClusterIp)
      service.headless = true;
    else if (!text.empty())
      ips.push_back(decode_ip(field));
  };
  Field list = spec.get("clusterIPs");
  list.each(add);
  if (list.tree().size() == 0) add(spec.get("clusterIP"));
  return ips;
}

std::vector<net::Family> decode_families(const Field& field, const std::vector<net::Ip>& cluster_ips) {
  std::vector<net::Family> families;
  field.each([&](const Field& item) {
    std::string text = item.text();
    if (text == net::to_text(net::Family::kIpv4))
      families.push_back(net::Family::kIpv4);
    else if (text == net::to_text(net::Family::kIpv6))
      families.push_back(net::Family::kIpv6);
    else
      item.fail(base::excerpt(text) + " is not an IP family: use IPv4 or IPv6");
  });
  if (families.empty())
    for (const net::Ip& ip : cluster_ips) families.push_back(ip.family());
  make_set(families);
  return families;
}

// The addresses at which the node itself takes the load balancer's traffic. With ipMode Proxy it does not:
// packets to the address leave the node (KEP-1860).
void decode_load_balancer(const Field& ingress, model::Service& service) {
  ingress.each([&](const Field& item) {
    Field ip = item.get("ip");
    bool proxied = item.get("ipMode").text() == "Proxy";
    if (!proxied && !ip.text().empty()) service.addresses.push_back(decode_ip(ip));
  });
}

bool decode_is_external_name(const Field& type) {
  static constexpr std::array<std::string_view, 5> kTypes = {"", "ClusterIP", "NodePort", "LoadBalancer",
                                                             "ExternalName"};
  std::string text = type.text();
  if (std::find(kTypes.begin(), kTypes.end(), text) == kTypes.end())
    type.fail(base::excerpt(text) +
              " is not a service type: use ClusterIP, NodePort, LoadBalancer or ExternalName");
  return text == "ExternalName";
}

bool decode_is_local(const Field& policy) {
  const std::string text = policy.text();
  if (!text.empty() && text != "Cluster" && text != "Local")
    policy.fail(base::excerpt(text) + " is not a traffic policy: use Cluster or Local");
  return text == "Local";
}

}  // namespace

model::Service decode_service(const Field& root, model::ObjectName name) {
  model::Service service;
  service.name = std::move(name);
  Field spec = root.get("spec");
  bool external_name = decode_is_external_name(spec.get("type"));
  std::vector<net::Ip> cluster_ips = decode_cluster_ips(spec, service);
  if (external_name) {
    service.headless = true;
    cluster_ips.clear();
  }
  if (decode_is_local(spec.get("internalTrafficPolicy"))) service.local_addresses = cluster_ips;
  make_set(service.local_addresses);
  service.publish_not_ready = spec.get("publishNotReadyAddresses").boolean().value_or(false);
  service.families = decode_families(spec.get("ipFamilies"), cluster_ips);
  service.addresses = std::move(cluster_ips);
  spec.get("externalIPs").each([&](const Field& ip) { service.addresses.push_back(decode_ip(ip)); });
  decode_load_balancer(root.get("status").get("loadBalancer").get("ingress"), service);
  make_set(service.addresses);
  decode_service_ports(spec.get("ports"), service);
  model::Labels selector = decode_labels(spec.get("selector"));
  if (!selector.empty()) service.selector = std::move(selector);
  return service;
}

}  // namespace sluice::source::decode
