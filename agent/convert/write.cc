#include "agent/convert/write.h"

#include <algorithm>
#include <set>

namespace sluice::convert {

namespace {

const net::PortRange kAllNumbers{net::Port::from_host(1), net::Port::from_host(65535)};

}  // namespace

model::SelectorPeer selector_peer(const model::PodsPeer& pods, const std::string& ns) {
  const model::LabelSelector own{{{model::kNamespaceNameLabel, model::Operator::kIn, {ns}}}};
  model::SelectorPeer peer;
  if (pods.namespaces != own) peer.namespace_selector = pods.namespaces;
  if (pods.namespaces == own || !pods.pods.requirements.empty()) peer.pod_selector = pods.pods;
  return peer;
}

model::PodsPeer every_pod() {
  return {};
}

std::vector<model::ClusterPeer> every_address() {
  return {model::NetworksPeer{
      {net::Cidr::everything(net::Family::kIpv4), net::Cidr::everything(net::Family::kIpv6)}}};
}

std::optional<std::vector<std::string>> namespaces_of(const Cluster& cluster,
                                                      const model::LabelSelector& selector) {
  const model::Cluster& objects = cluster.objects;
  std::set<std::string> names;
  model::LabelSelector by_name;
  bool named = false;
  for (const model::Requirement& one : selector.requirements) {
    if (one.key != model::kNamespaceNameLabel) continue;
    by_name.requirements.push_back(one);
    if (one.op != model::Operator::kIn) continue;
    named = true;
    names.insert(one.values.begin(), one.values.end());
  }
  if (!named && objects.namespaces.empty() && !cluster.is_whole) return std::nullopt;
  for (const auto& [name, ns] : objects.namespaces) names.insert(name.name);
  for (const auto& [name, pod] : objects.pods) names.insert(name.ns);
  const bool asks_labels = by_name.requirements.size() < selector.requirements.size();
  std::vector<std::string> found;
  for (const std::string& name : names) {
    if (!model::matches(by_name, {{std::string(model::kNamespaceNameLabel), name}})) continue;
    if (asks_labels && !objects.namespaces.contains({"", name}) && !cluster.is_whole) return std::nullopt;
    if (model::matches(selector, objects.namespace_labels(name))) found.push_back(name);
  }
  return found;
}

std::vector<model::ClusterProtocol> numbered(const std::vector<model::PolicyPort>& ports) {
  std::vector<model::ClusterProtocol> protocols;
  for (const model::PolicyPort& port : ports)
    if (const auto* range = std::get_if<net::PortRange>(&port.port))
      protocols.emplace_back(model::ProtocolPorts{port.protocol, *range});
    else if (port.port.index() == 0)
      protocols.emplace_back(model::ProtocolPorts{port.protocol, kAllNumbers});
  return protocols;
}

namespace {

size_t protocols_named(const std::vector<model::PolicyPort>& ports, const std::string& name) {
  return static_cast<size_t>(std::count_if(ports.begin(), ports.end(), [&](const model::PolicyPort& port) {
    const auto* text = std::get_if<std::string>(&port.port);
    return text != nullptr && *text == name;
  }));
}

}  // namespace

std::vector<std::string> names_of_every_protocol(const std::vector<model::PolicyPort>& ports) {
  std::set<std::string> names;
  for (const model::PolicyPort& port : ports)
    if (const auto* name = std::get_if<std::string>(&port.port))
      if (protocols_named(ports, *name) == std::size(net::kPortProtocols)) names.insert(*name);
  return {names.begin(), names.end()};
}

bool has_other_names(const std::vector<model::PolicyPort>& ports) {
  return std::any_of(ports.begin(), ports.end(), [&](const model::PolicyPort& port) {
    const auto* name = std::get_if<std::string>(&port.port);
    return name != nullptr && protocols_named(ports, *name) != std::size(net::kPortProtocols);
  });
}

}  // namespace sluice::convert
