#include "agent/lint/dns_servers.h"

#include <algorithm>

namespace sluice::lint {
namespace {

using model::Pod;

constexpr std::string_view kDnsNamespaces[] = {"kube-system", "openshift-dns"};
constexpr char kNodeLocalDaemonSet[] = "daemonset/node-local-dns";

constexpr net::Protocol kProtocols[] = {net::kUdp, net::kTcp};

bool is_dns_namespace(const std::string& ns) {
  return std::find(std::begin(kDnsNamespaces), std::end(kDnsNamespaces), ns) != std::end(kDnsNamespaces);
}

const model::ServicePort* dns_port(const model::Service& service, net::Protocol protocol) {
  for (const model::ServicePort& port : service.ports)
    if (port.protocol == protocol && port.port == kDnsPort) return &port;
  return nullptr;
}

// Where it leads at this pod (semantics 31).
net::Port target_of(const model::ServicePort* port, const Pod& pod, net::Protocol protocol) {
  if (port == nullptr) return kDnsPort;
  if (const auto* number = std::get_if<net::Port>(&port->target)) return *number;
  for (const model::ContainerPort& own : pod.ports)
    if (own.name == std::get<std::string>(port->target) && own.protocol == protocol) return own.port;
  return kDnsPort;
}

Server server_of(Pod pod, const model::Cluster& cluster, const model::Service* service) {
  Server server{std::move(pod), {}, {}};
  server.namespace_labels = cluster.namespace_labels(server.pod.name.ns);
  for (const net::Protocol protocol : kProtocols)
    server.at.emplace_back(protocol, target_of(service == nullptr ? nullptr : dns_port(*service, protocol),
                                               server.pod, protocol));
  return server;
}

// A pod of the cluster's DNS as clusters have it, where the files have none.
Pod usual_server(const model::Service* service) {
  Pod pod;
  pod.name = {"kube-system", "kube-dns"};
  pod.labels = {{"k8s-app", "kube-dns"}};
  pod.ports = {{"dns", net::kUdp, kDnsPort}, {"dns-tcp", net::kTcp, kDnsPort}};
  if (service == nullptr) return pod;
  pod.name.ns = service->name.ns;
  if (service->selector)
    for (const auto& [key, value] : *service->selector) pod.labels[key] = value;
  return pod;
}

}  // namespace

Dns find_dns(const model::Cluster& cluster, Pods& pods) {
  Dns dns;
  const auto add = [&](uint32_t pod, const model::Service* service) {
    if (dns.names.insert(pods.at(pod).name).second)
      dns.servers.push_back(server_of(pods.at(pod), cluster, service));
  };
  const model::LabelSelector usual{{{"k8s-app", model::Operator::kIn, {"coredns", "kube-dns"}}}};
  const model::Service* any = nullptr;
  for (const auto& [name, service] : cluster.services) {
    if (!is_dns_namespace(name.ns) || dns_port(service, net::kUdp) == nullptr) continue;
    any = &service;
    for (const net::Ip& ip : service.addresses) dns.service_addresses.push_back(ip);
    if (!service.selector || service.selector->empty()) continue;
    model::LabelSelector selector;
    for (const auto& [key, value] : *service.selector)
      selector.requirements.push_back({key, model::Operator::kIn, {value}});
    const Selected& selected = pods.selected(name.ns, selector);
    for (const auto* list : {&selected.pods, &selected.on_host})
      for (const uint32_t pod : *list) add(pod, &service);
  }
  if (dns.servers.empty())
    for (const uint32_t pod : pods.selected("kube-system", usual).pods) add(pod, any);
  if (dns.servers.empty()) dns.servers.push_back(server_of(usual_server(any), cluster, any));
  for (const auto& [name, pod] : cluster.pods)
    dns.on_nodes |= name.name == kNodeLocalDaemonSet || pod.controller == kNodeLocalDaemonSet;
  return dns;
}

}  // namespace sluice::lint
