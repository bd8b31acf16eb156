// networking.k8s.io/v1 NetworkPolicy.
#include "agent/model/hours.h"
#include "agent/source/encode/encode_kinds.h"

namespace sluice::source::encode {

namespace json = boost::json;

json::object selector_object(const model::LabelSelector& selector) {
  json::object labels;
  json::array expressions;
  for (const model::Requirement& requirement : selector.requirements) {
    if (requirement.op == model::Operator::kIn && requirement.values.size() == 1 &&
        !labels.contains(requirement.key)) {
      labels[requirement.key] = requirement.values.front();
      continue;
    }
    static constexpr const char* kOperators[] = {"In", "NotIn", "Exists", "DoesNotExist"};
    json::object expression{{"key", requirement.key},
                            {"operator", kOperators[static_cast<size_t>(requirement.op)]}};
    if (!requirement.values.empty())
      expression["values"] = json::array(requirement.values.begin(), requirement.values.end());
    expressions.push_back(std::move(expression));
  }
  json::object object;
  if (!labels.empty()) object["matchLabels"] = std::move(labels);
  if (!expressions.empty()) object["matchExpressions"] = std::move(expressions);
  return object;
}

namespace {

json::object peer_object(const model::Peer& peer) {
  json::object object;
  if (const auto* block = std::get_if<model::IpBlock>(&peer)) {
    json::object& cidr = object["ipBlock"].emplace_object();
    cidr["cidr"] = block->cidr.to_text();
    json::array except;
    for (const net::Cidr& hole : block->except) except.emplace_back(hole.to_text());
    if (!except.empty()) cidr["except"] = std::move(except);
    return object;
  }
  const auto& selectors = std::get<model::SelectorPeer>(peer);
  if (selectors.namespace_selector)
    object["namespaceSelector"] = selector_object(*selectors.namespace_selector);
  if (selectors.pod_selector) object["podSelector"] = selector_object(*selectors.pod_selector);
  return object;
}

json::object port_object(const model::PolicyPort& port) {
  json::object object{{"protocol", port.protocol.to_text()}};
  if (const auto* name = std::get_if<std::string>(&port.port)) object["port"] = *name;
  if (const auto* range = std::get_if<net::PortRange>(&port.port)) {
    object["port"] = range->first.host();
    if (range->last != range->first) object["endPort"] = range->last.host();
  }
  return object;
}

json::array rules_array(const std::vector<model::Rule>& rules, const char* peers_key) {
  json::array all;
  for (const model::Rule& rule : rules) {
    json::object object;
    json::array peers, ports;
    for (const model::Peer& peer : rule.peers) peers.push_back(peer_object(peer));
    for (const model::PolicyPort& port : rule.ports) ports.push_back(port_object(port));
    if (!peers.empty()) object[peers_key] = std::move(peers);
    if (!ports.empty()) object["ports"] = std::move(ports);
    all.push_back(std::move(object));
  }
  return all;
}

}  // namespace

json::object to_json_object(const model::NetworkPolicy& policy) {
  json::object spec{{"podSelector", selector_object(policy.pod_selector)}};
  json::array types;
  if (policy.isolates_ingress) types.emplace_back("Ingress");
  if (policy.isolates_egress) types.emplace_back("Egress");
  spec["policyTypes"] = std::move(types);
  if (!policy.ingress.empty()) spec["ingress"] = rules_array(policy.ingress, "from");
  if (!policy.egress.empty()) spec["egress"] = rules_array(policy.egress, "to");
  json::object object = object_of("networking.k8s.io/v1", "NetworkPolicy", policy.name);
  constexpr const char* kLevels[] = {"", "none", "denied", "all"};  // by model::LogLevel
  add_annotations({{model::kActiveAnnotation, policy.active},
                   {model::kModeAnnotation, text_if(policy.audit, "audit")},
                   {model::kLogLevelAnnotation, kLevels[static_cast<size_t>(policy.log_level)]},
                   {model::kMetricsAnnotation, text_if(policy.metrics, "true")}},
                  object["metadata"].as_object());
  object["spec"] = std::move(spec);
  return object;
}

}  // namespace sluice::source::encode
