// Any bytes as a manifest: no crash, no hang, and what comes out keeps the laws of
// agent/model.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "agent/base/utf8.h"
#include "agent/source/decode/decode.h"
#include "tests/fuzz/law.h"

namespace {

using namespace sluice;
using fuzz::require;

template <typename T>
bool is_set(const std::vector<T>& values) {
  return std::is_sorted(values.begin(), values.end()) &&
         std::adjacent_find(values.begin(), values.end()) == values.end();
}

// Nothing in it moves a terminal's cursor or hides.
bool is_visible(std::string_view text) {
  while (!text.empty()) {
    const base::Character next = base::first_character(text);
    if (next.bytes == 0 || base::is_hidden(next.code)) return false;
    text.remove_prefix(next.bytes);
  }
  return true;
}

void check(const model::LabelSelector& selector) {
  require(is_set(selector.requirements.all()));
  for (const auto& requirement : selector.requirements) {
    bool listed = requirement.op == model::Operator::kIn || requirement.op == model::Operator::kNotIn;
    require(listed != requirement.values.empty() && is_set(requirement.values) && !requirement.key.empty());
  }
}

void check(const model::NetworkPolicy& policy) {
  check(policy.pod_selector);
  for (auto direction : model::kDirections)
    for (const auto& rule : policy.rules(direction)) {
      for (const auto& peer : rule.peers) {
        if (const auto* block = std::get_if<model::IpBlock>(&peer)) {
          require(is_set(block->except));
          for (const auto& except : block->except) require(block->cidr.contains(except));
          continue;
        }
        const auto& selectors = std::get<model::SelectorPeer>(peer);
        require(selectors.pod_selector || selectors.namespace_selector);
        if (selectors.pod_selector) check(*selectors.pod_selector);
        if (selectors.namespace_selector) check(*selectors.namespace_selector);
      }
      for (const auto& port : rule.ports) {
        const auto* range = std::get_if<net::PortRange>(&port.port);
        require(port.protocol.has_ports() &&
                (!range || (range->first.host() > 0 && range->first <= range->last)));
      }
    }
}

void check(const model::PodsPeer& peer) {
  check(peer.namespaces);
  check(peer.pods);
}

void check(const model::ClusterRule& rule) {
  if (rule.closed) {
    require(rule.action != model::Action::kPass && rule.peers.empty() && rule.protocols.empty());
    return;
  }
  require(!rule.peers.empty());
  for (const auto& peer : rule.peers) {
    if (const auto* pods = std::get_if<model::PodsPeer>(&peer)) check(*pods);
    if (const auto* nodes = std::get_if<model::NodesPeer>(&peer)) check(nodes->nodes);
    if (const auto* networks = std::get_if<model::NetworksPeer>(&peer))
      require(is_set(networks->cidrs.all()));
    if (const auto* domains = std::get_if<model::DomainNamesPeer>(&peer)) require(is_set(domains->names));
  }
  for (const auto& protocol : rule.protocols)
    if (const auto* ports = std::get_if<model::ProtocolPorts>(&protocol))
      require(ports->protocol.has_ports() && ports->ports.first <= ports->ports.last);
}

void check(const model::ClusterNetworkPolicy& policy) {
  require(policy.name.ns.empty());
  check(policy.subject);
  for (auto direction : model::kDirections)
    for (const auto& rule : policy.rules(direction)) check(rule);
}

void check(const model::Pod& pod) {
  require(pod.ips.size() <= 2);
  for (const auto& port : pod.ports) require(port.port.host() > 0);
}
void check(const model::Namespace& ns) {
  require(ns.name.ns.empty() && ns.labels.at(model::kNamespaceNameLabel) == ns.name.name);
}
void check(const model::Node& node) {
  require(node.name.ns.empty() && is_set(node.addresses));
}
void check(const model::Service& service) {
  require(is_set(service.addresses) && is_set(service.families));
}
void check(const model::EndpointSlice& slice) {
  for (const auto& endpoint : slice.endpoints)
    for (const auto& ip : endpoint.addresses) require(ip.family() == slice.family);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  source::decode::Decoded decoded = source::decode::decode(bytes, "f");
  for (const auto& found : decoded.objects) {
    require(!id_of(found.object).name.name.empty());
    std::visit([](const auto& object) { check(object); }, found.object);
  }
  for (const auto& closed : decoded.closed)
    std::visit([](const auto& policy) { check(policy); }, closed.policy);
  for (const auto& problem : decoded.problems) {
    require(!problem.message.empty() && is_visible(problem.to_text()));
  }
  for (const auto& warning : decoded.warnings) require(is_visible(warning.to_text()));
  for (const auto& [kind, count] : decoded.skipped) require(is_visible(kind) && count > 0);
  return 0;
}
