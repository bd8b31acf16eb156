#include "agent/model/party.h"

#include <algorithm>
#include <optional>

#include "agent/base/excerpt.h"
#include "agent/model/workloads.h"
#include "agent/net/domain_name.h"

namespace sluice::model {

using base::Error;
using base::Result;
using net::Ip;

namespace {

constexpr std::string_view kService = "service", kNode = "node";

// "deployment" for "deployment" and "deploy"; "pod" for a pod's; empty: no kind that has addresses.
std::string_view kind_named(std::string_view text) {
  if (text == kService || text == "svc") return kService;
  if (text == "pod" || text == "po") return "pod";
  return workload_kind_named(text);
}

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t slash; (slash = text.find('/')) != text.npos; text.remove_prefix(slash + 1))
    parts.push_back(text.substr(0, slash));
  parts.push_back(text);
  return parts;
}

Result<std::vector<Ip>> addresses_of(const PodAddresses& addresses, const Pod& pod) {
  const std::string name = pod.name.to_text();
  if (pod.phase == PodPhase::kSucceeded || pod.phase == PodPhase::kFailed)
    return Error("pod " + name + " has finished: probe one that runs");
  if (pod.ips.empty() && pod.host_network)
    return Error(name + " is on its node's network: probe node/NAME, or the node's address");
  if (pod.ips.empty()) return Error("pod " + name + " has no IP: give it status.podIPs");
  if (pod.host_network) return pod.ips;
  auto owned = addresses.owned_by(pod);
  if (owned.empty())
    return Error("pod " + name + " has lost its IP to a later pod: probe " +
                 addresses.owner(pod.ips.front())->name.to_text());
  return owned;
}

Result<std::vector<Ip>> addresses_of_service(const Cluster& cluster, const ObjectName& name) {
  const auto found = cluster.services.find(name);
  if (found == cluster.services.end()) return Error("no Service " + name.to_text());
  if (found->second.addresses.empty())
    return Error("Service " + name.to_text() +
                 " is headless: its name resolves to its pods' addresses, probe one of them");
  return found->second.addresses;
}

Result<std::vector<Ip>> addresses_of_node(const Node& node) {
  if (node.addresses.empty())
    return Error("node " + node.name.name + " has no address: give it an InternalIP in status.addresses");
  return node.addresses;
}

// Of a workload whose pods are there: those of the first that has any.
Result<std::vector<Ip>> addresses_of_workload(const Cluster& cluster, const PodAddresses& addresses,
                                              const ObjectName& name) {
  for (auto at = cluster.pods.lower_bound({name.ns, ""}); at != cluster.pods.end() && at->first.ns == name.ns;
       ++at)
    if (workload_of(at->second) == name.name)
      if (auto owned = addresses.owned_by(at->second); !owned.empty()) return owned;
  return Error("no workload " + name.to_text() + " and no pod of it");
}

}  // namespace

Result<std::vector<Ip>> addresses_of(const Cluster& cluster, const PodAddresses& addresses,
                                     const Party& party) {
  if (const auto* ip = std::get_if<Ip>(&party)) return std::vector<Ip>{*ip};
  const auto& name = std::get<ObjectName>(party);
  if (const auto pod = cluster.pods.find(name); pod != cluster.pods.end())
    return addresses_of(addresses, pod->second);
  if (const size_t slash = name.name.find('/'); slash != name.name.npos)
    return name.name.starts_with(kService)
               ? addresses_of_service(cluster, {name.ns, name.name.substr(slash + 1)})
               : addresses_of_workload(cluster, addresses, name);
  if (const auto node = cluster.nodes.find({"", name.name}); name.ns == kNode && node != cluster.nodes.end())
    return addresses_of_node(node->second);
  return Error("no pod " + name.to_text() +
               ": write NAMESPACE/POD of a pod in the manifests, or an IP address");
}

Result<net::Port> port_named(const Cluster& cluster, const PodAddresses& addresses, const Party& to,
                             net::Protocol protocol, std::string_view name) {
  const auto ips = addresses_of(cluster, addresses, to);
  if (!ips) return ips.error();
  std::string known;
  std::optional<net::Port> found;
  const auto look_at = [&](const auto& ports) {
    for (const auto& port : ports) {
      if (port.protocol != protocol || port.name.empty()) continue;
      if (port.name == name && !found) found = port.port;
      known += (known.empty() ? "" : ", ") + port.name;
    }
  };
  for (const auto& [id, service] : cluster.services)
    if (std::ranges::find(service.addresses, ips->front()) != service.addresses.end()) look_at(service.ports);
  if (const Pod* pod = addresses.owner(ips->front())) look_at(pod->ports);
  if (found) return *found;
  return Error(to_text(to) + " has no " + protocol.to_text() + " port named " + base::excerpt(name) +
               (known.empty() ? ": give a number" : ", but " + known));
}

Result<Party> parse_party(std::string_view text) {
  std::vector<std::string_view> parts = parts_of(text);
  if (parts.size() == 1) {
    auto ip = Ip::parse(text);
    if (!ip) return Error(ip.error().message() + " and no NAMESPACE/POD");
    return Party(*ip);
  }
  // deploy/shop/web, as kubectl's TYPE/NAME suggests, is shop/deploy/web.
  if (parts.size() == 3 && kind_named(parts[1]).empty() && !kind_named(parts[0]).empty())
    std::swap(parts[0], parts[1]);
  if (parts.size() > 3 || std::ranges::any_of(parts, &std::string_view::empty))
    return Error(base::excerpt(text) +
                 " is neither NAMESPACE/POD, NAMESPACE/KIND/NAME, node/NAME nor an IP address");
  if (parts.size() == 2) return Party(ObjectName{std::string(parts[0]), std::string(parts[1])});
  const std::string_view kind = kind_named(parts[1]);
  if (kind.empty())
    return Error(
        base::excerpt(text) + ": " + base::excerpt(parts[1]) +
        " is no kind that has pods: write pod, service, deployment, statefulset, daemonset, replicaset, "
        "replicationcontroller, job or cronjob");
  std::string name = (kind == "pod" ? "" : std::string(kind) + "/") + std::string(parts[2]);
  return Party(ObjectName{std::string(parts[0]), std::move(name)});
}

std::string domain_named(std::string_view text) {
  const bool number = text.find_first_not_of("0123456789.") == text.npos;  // an address, mistyped
  if (number || parse_party(text)) return "";
  auto name = net::parse_domain_name(text);
  return name ? *std::move(name) : "";
}

std::string to_text(const Party& party) {
  if (const auto* ip = std::get_if<Ip>(&party)) return ip->to_text();
  return std::get<ObjectName>(party).to_text();
}

}  // namespace sluice::model
