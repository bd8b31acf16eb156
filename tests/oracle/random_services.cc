#include <algorithm>

#include "tests/oracle/random_objects.h"

namespace sluice::oracle {
namespace {

using model::Cluster;
using model::Service;
using model::ServicePort;
using net::Family;
using net::Ip;

bool is_taken(const Cluster& cluster, const Ip& ip) {
  return std::any_of(cluster.services.begin(), cluster.services.end(), [&](const auto& entry) {
    const auto& addresses = entry.second.addresses;
    return std::find(addresses.begin(), addresses.end(), ip) != addresses.end();
  });
}

std::optional<Ip> free_cluster_ip(Random& random, const Cluster& cluster, Family family) {
  const char* base = family == Family::kIpv4 ? "10.96.0.0" : "fd00:96::";
  const size_t room = 8 + 2 * cluster.services.size();
  for (int attempt = 0; attempt < 100; ++attempt) {
    Ip ip = address_at(base, static_cast<uint32_t>(1 + random.below(room)));
    if (!is_taken(cluster, ip)) return ip;
  }
  return std::nullopt;
}

// An external or load-balancer IP: an address of nobody's that Services may share, a node's, now and then a
// pod's.
Ip random_public_ip(Random& random, const Cluster& cluster, Family family) {
  std::vector<Ip> nodes, pods;
  for (const auto& [name, node] : cluster.nodes)
    for (const Ip& ip : node.addresses)
      if (ip.family() == family) nodes.push_back(ip);
  for (const auto& [name, pod] : cluster.pods)
    for (const Ip& ip : pod.ips)
      if (ip.family() == family) pods.push_back(ip);
  if (!nodes.empty() && random.chance(30)) return random.pick(nodes);
  if (!pods.empty() && random.chance(8)) return random.pick(pods);
  return address_at(family == Family::kIpv4 ? "203.0.113.0" : "2001:db8:5::",
                    static_cast<uint32_t>(random.between(1, 3)));
}

bool node_port_is_taken(const Cluster& cluster, const Service& service, net::Protocol protocol,
                        net::Port port) {
  auto uses = [&](const Service& other) {
    return std::any_of(other.ports.begin(), other.ports.end(), [&](const ServicePort& entry) {
      return entry.protocol == protocol && entry.node_port == port;
    });
  };
  return uses(service) || std::any_of(cluster.services.begin(), cluster.services.end(),
                                      [&](const auto& entry) { return uses(entry.second); });
}

void add_port(Random& random, const Cluster& cluster, Service& service, std::string name) {
  ServicePort entry;
  entry.name = std::move(name);
  entry.protocol = random_port_protocol(random);
  entry.port = random_port(random);
  for (const ServicePort& other : service.ports)
    if (other.protocol == entry.protocol && other.port == entry.port) return;  // the API refuses duplicates
  if (random.chance(40))
    entry.target = random.pick(kPortNames);
  else
    entry.target = random.chance(50) ? entry.port : random_port(random);
  const auto node_port = net::Port::from_host(static_cast<uint16_t>(random.between(30000, 30040)));
  if (!service.headless && random.chance(40) &&
      !node_port_is_taken(cluster, service, entry.protocol, node_port))
    entry.node_port = node_port;
  service.ports.push_back(std::move(entry));
}

bool selects(const Service& service, const model::Pod& pod) {
  return service.selector && pod.name.ns == service.name.ns &&
         std::all_of(service.selector->begin(), service.selector->end(), [&](const auto& label) {
           auto found = pod.labels.find(label.first);
           return found != pod.labels.end() && found->second == label.second;
         });
}

// Mostly pods that the Service selects, else any address.
std::vector<Ip> likely_endpoints(Random& random, const Cluster& cluster, const Service& service,
                                 Family family) {
  std::vector<Ip> selected, any;
  for (const auto& [name, pod] : cluster.pods)
    for (const Ip& ip : pod.ips)
      if (ip.family() == family && selects(service, pod)) selected.push_back(ip);
  for (const Ip& ip : known_addresses(cluster))
    if (ip.family() == family) any.push_back(ip);
  return selected.empty() || random.chance(20) ? any : selected;
}

// The node of the pod that has the address, as a rule; else any, one that is gone, or none.
std::string node_of(Random& random, const Cluster& cluster, const Ip& ip) {
  if (random.chance(10)) return "";
  if (random.chance(85))
    for (const auto& [name, pod] : cluster.pods)
      if (std::find(pod.ips.begin(), pod.ips.end(), ip) != pod.ips.end()) return pod.node_name;
  std::vector<std::string> names = {"gone"};
  for (const auto& [name, node] : cluster.nodes) names.push_back(name.name);
  return random.pick(names);
}

model::Endpoint random_endpoint(Random& random, const Cluster& cluster, const std::vector<Ip>& likely) {
  model::Endpoint endpoint;
  endpoint.addresses.push_back(random.pick(likely));
  const Ip& another = random.pick(likely);
  if (random.chance(4) && another != endpoint.addresses[0]) endpoint.addresses.push_back(another);
  endpoint.ready = random.chance(65);
  endpoint.serving = endpoint.ready || random.chance(60);
  endpoint.terminating = !endpoint.ready && random.chance(60);
  endpoint.node_name = node_of(random, cluster, endpoint.addresses[0]);
  return endpoint;
}

model::EndpointSlice random_slice(Random& random, const Cluster& cluster, const Service& service,
                                  Family family) {
  model::EndpointSlice slice;
  slice.service = service.name.name;
  slice.family = family;
  for (const ServicePort& entry : service.ports) {
    if (random.chance(5)) continue;
    const auto* number = std::get_if<net::Port>(&entry.target);
    model::EndpointPort port{entry.name, entry.protocol,
                             number && random.chance(90) ? *number : random_port(random)};
    if (random.chance(3)) port.port.reset();
    slice.ports.push_back(port);
  }
  const auto likely = likely_endpoints(random, cluster, service, family);
  for (int endpoints = random.between(0, 3); endpoints > 0; --endpoints)
    slice.endpoints.push_back(random_endpoint(random, cluster, likely));
  return slice;
}

}  // namespace

std::optional<Service> random_service(Random& random, const Cluster& cluster, const model::ObjectName& name) {
  Service service;
  service.name = name;
  service.headless = random.chance(8);
  service.publish_not_ready = random.chance(20);
  const bool is_local = random.chance(30);  // internalTrafficPolicy
  using Families = std::vector<Family>;
  service.families =
      random.pick<Families>({{Family::kIpv4}, {Family::kIpv4, Family::kIpv6}, {Family::kIpv6}});
  for (Family family : service.families) {
    if (service.headless) break;
    auto ip = free_cluster_ip(random, cluster, family);
    if (!ip) return std::nullopt;
    service.addresses.push_back(*ip);
    if (is_local) service.local_addresses.push_back(*ip);
    if (random.chance(30)) service.addresses.push_back(random_public_ip(random, cluster, family));
  }
  auto& addresses = service.addresses;
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());

  const int ports = random.between(1, 3);  // more than one: each has a name
  for (int i = 0; i < ports; ++i)
    add_port(random, cluster, service, ports > 1 || random.chance(30) ? "p" + std::to_string(i) : "");
  if (random.chance(80)) {
    service.selector = random_labels(random);
    if (service.selector->empty()) service.selector.reset();
  }
  return service;
}

std::vector<model::EndpointSlice> random_slices(Random& random, const Cluster& cluster,
                                                const Service& service) {
  std::vector<model::EndpointSlice> slices;
  if (random.chance(service.selector ? 55 : 25)) return slices;
  for (Family family : service.families) {
    for (int i = random.between(0, 2); i > 0; --i) {
      slices.push_back(random_slice(random, cluster, service, family));
      slices.back().name = {
          service.name.ns,
          service.name.name + (family == Family::kIpv4 ? "-four-" : "-six-") + std::to_string(i)};
    }
  }
  return slices;
}

}  // namespace sluice::oracle
