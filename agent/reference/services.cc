#include "agent/reference/services.h"

#include <algorithm>

namespace sluice::reference {
namespace {

using model::Cluster;
using model::Pod;
using model::PodAddresses;
using model::Service;
using model::ServicePort;
using net::Family;
using net::Ip;

bool contains(const std::vector<Ip>& ips, const Ip& ip) {
  return std::find(ips.begin(), ips.end(), ip) != ips.end();
}

bool serves(const Service& service, const ServicePort& entry, const std::vector<Ip>& node_addresses,
            const Ip& to, net::Protocol protocol, net::Port port) {
  if (service.headless || entry.protocol != protocol) return false;
  if (entry.port == port && contains(service.addresses, to)) return true;
  bool answers_family =
      std::find(service.families.begin(), service.families.end(), to.family()) != service.families.end();
  return entry.node_port == port && answers_family && contains(node_addresses, to);
}

bool is_selected(const Service& service, const Pod& pod) {
  if (pod.name.ns != service.name.ns) return false;
  for (const auto& [key, value] : *service.selector) {
    auto label = pod.labels.find(key);
    if (label == pod.labels.end() || label->second != value) return false;
  }
  return true;
}

std::optional<net::Port> target_port(const ServicePort& entry, const Pod& pod) {
  if (const auto* number = std::get_if<net::Port>(&entry.target)) return *number;
  for (const model::ContainerPort& port : pod.ports)
    if (port.name == std::get<std::string>(entry.target) && port.protocol == entry.protocol) return port.port;
  return std::nullopt;
}

// internalTrafficPolicy: Local: an endpoint counts on the source's node alone.
bool counts(const Service& service, const Ip& to, const Pod* source, const std::string& endpoint_node) {
  if (!contains(service.local_addresses, to)) return true;
  return source && !source->node_name.empty() && source->node_name == endpoint_node;
}

// kube-proxy's choice (semantics 22), and the EndpointSlice controller's conditions.
struct Choice {
  std::vector<Backend> ready, leaving;
  const std::vector<Backend>& made() const { return ready.empty() ? leaving : ready; }
};

// A pod's address of that family by which a Service reaches it: its own, or its node's for a hostNetwork pod.
std::optional<Ip> reachable_at(const PodAddresses& addresses, const Pod& pod, Family family) {
  bool finished = pod.phase == model::PodPhase::kSucceeded || pod.phase == model::PodPhase::kFailed;
  if (finished) return std::nullopt;
  for (const Ip& ip : pod.host_network ? pod.ips : addresses.owned_by(pod))
    if (ip.family() == family) return ip;
  return std::nullopt;
}

// One question: what stands behind `to`, asked by a pod or (nullptr) by whoever is none.
struct Question {
  const Cluster& cluster;
  const PodAddresses& addresses;
  const Pod* source;
  const Ip& to;
};

std::vector<Backend> backends_by_selector(const Question& q, const Service& service,
                                          const ServicePort& entry) {
  Choice choice;
  for (const auto& [name, pod] : q.cluster.pods) {
    if (!is_selected(service, pod) || !counts(service, q.to, q.source, pod.node_name)) continue;
    auto ip = reachable_at(q.addresses, pod, q.to.family());
    auto port = target_port(entry, pod);
    if (!ip || !port) continue;
    const Backend backend{{*ip, q.addresses.owner(*ip)}, *port};
    if (service.publish_not_ready || (pod.ready && !pod.terminating)) choice.ready.push_back(backend);
    if (pod.ready && pod.terminating) choice.leaving.push_back(backend);
  }
  return choice.made();
}

bool belongs_to(const model::EndpointSlice& slice, const Service& service) {
  return slice.name.ns == service.name.ns && slice.service == service.name.name;
}

bool has_slices(const Cluster& cluster, const Service& service) {
  for (const auto& [name, slice] : cluster.endpoint_slices)
    if (belongs_to(slice, service)) return true;
  return false;
}

// The slice's number for the Service port; nullopt where it has none for it.
std::optional<net::Port> slice_port(const model::EndpointSlice& slice, const ServicePort& entry) {
  for (const model::EndpointPort& port : slice.ports)
    if (port.name == entry.name && port.protocol == entry.protocol && port.port) return port.port;
  return std::nullopt;
}

// kube-proxy takes an endpoint's first address only: the API calls them fungible.
std::vector<Backend> backends_by_slices(const Question& q, const Service& service, const ServicePort& entry) {
  Choice choice;
  for (const auto& [name, slice] : q.cluster.endpoint_slices) {
    if (!belongs_to(slice, service) || slice.family != q.to.family()) continue;
    auto port = slice_port(slice, entry);
    if (!port) continue;
    for (const model::Endpoint& endpoint : slice.endpoints) {
      if (endpoint.addresses.empty() || !counts(service, q.to, q.source, endpoint.node_name)) continue;
      const Ip& ip = endpoint.addresses.front();
      Backend backend{{ip, q.addresses.owner(ip)}, *port};
      if (endpoint.ready) choice.ready.push_back(backend);
      if (endpoint.serving && endpoint.terminating) choice.leaving.push_back(backend);
    }
  }
  return choice.made();
}

std::vector<Backend> backends_of(const Question& q, const Service& service, const ServicePort& entry) {
  if (has_slices(q.cluster, service)) return backends_by_slices(q, service, entry);
  if (service.selector && !service.selector->empty()) return backends_by_selector(q, service, entry);
  return {};
}

// The pods of the source's node whose hostPort this is; `to` is an address of that node.
std::vector<Backend> backends_by_host_port(const Question& q, net::Protocol protocol, net::Port port) {
  std::vector<Backend> backends;
  for (const auto& [name, pod] : q.cluster.pods) {
    if (pod.node_name != q.source->node_name) continue;
    for (const Ip& own : q.addresses.owned_by(pod)) {
      if (own.family() != q.to.family()) continue;
      for (const model::HostPort& host_port : pod.host_ports)
        if (host_port.answers_at(q.to) && host_port.protocol == protocol && host_port.port == port)
          backends.push_back({{own, q.addresses.owner(own)}, host_port.target});
    }
  }
  return backends;
}

}  // namespace

std::vector<Ip> own_node_addresses(const Cluster& cluster, const Pod& pod) {
  auto node = cluster.nodes.find({"", pod.node_name});
  return node == cluster.nodes.end() ? std::vector<Ip>() : node->second.addresses;
}

std::optional<std::vector<Backend>> service_backends(const Cluster& cluster, const PodAddresses& addresses,
                                                     const Pod* source, const Ip& to, net::Protocol protocol,
                                                     net::Port port) {
  const Question question{cluster, addresses, source, to};
  std::optional<std::vector<Backend>> backends;
  const auto node_addresses = source ? own_node_addresses(cluster, *source) : std::vector<Ip>();
  for (const auto& [name, service] : cluster.services) {
    for (const ServicePort& entry : service.ports) {
      if (!serves(service, entry, node_addresses, to, protocol, port)) continue;
      if (!backends) backends.emplace();
      const auto found = backends_of(question, service, entry);
      backends->insert(backends->end(), found.begin(), found.end());
    }
  }
  if (!contains(node_addresses, to)) return backends;
  const auto found = backends_by_host_port(question, protocol, port);
  if (found.empty()) return backends;
  if (!backends) backends.emplace();
  backends->insert(backends->end(), found.begin(), found.end());
  return backends;
}

}  // namespace sluice::reference
