#include "agent/source/encode/object.h"

#include "agent/source/encode/encode_kinds.h"

namespace sluice::source::encode {

namespace json = boost::json;

json::object object_of(std::string_view api_version, std::string_view kind, const model::ObjectName& name) {
  json::object metadata{{"name", name.name}};
  if (!name.ns.empty()) metadata["namespace"] = name.ns;
  return {{"apiVersion", api_version}, {"kind", kind}, {"metadata", std::move(metadata)}};
}

json::object labels_object(const model::Labels& labels) {
  json::object object;
  for (const auto& [key, value] : labels) object[key] = value;
  return object;
}

void add_annotations(const model::Labels& annotations, json::object& metadata) {
  json::object there;
  for (const auto& [key, text] : annotations)
    if (!text.empty()) there[key] = text;
  if (!there.empty()) metadata["annotations"] = std::move(there);
}

std::string prefixes_text(const std::vector<net::Cidr>& source_prefixes) {
  std::string text;
  for (const net::Cidr& prefix : source_prefixes) text += (text.empty() ? "" : ",") + prefix.to_text();
  return text;
}

namespace {

json::object to_json_object(const model::Namespace& ns) {
  json::object object = object_of("v1", "Namespace", ns.name);
  json::object& metadata = object["metadata"].as_object();
  model::Labels labels = ns.labels;
  labels.erase(model::kNamespaceNameLabel);  // every one has it
  if (!labels.empty()) metadata["labels"] = labels_object(labels);
  add_annotations({{model::kSourcePrefixesAnnotation, prefixes_text(ns.source_prefixes)},
                   {model::kObserveAnnotation, text_if(ns.observe_allowed, "allowed")},
                   {model::kModeAnnotation, text_if(ns.audit, "audit")}},
                  metadata);
  return object;
}

json::object to_json_object(const model::Node& node) {
  json::object object = object_of("v1", "Node", node.name);
  json::array cidrs, addresses;
  for (const net::Cidr& cidr : node.pod_cidrs) cidrs.emplace_back(cidr.to_text());
  for (const net::Ip& ip : node.addresses)
    addresses.push_back(json::object{{"type", "InternalIP"}, {"address", ip.to_text()}});
  if (!node.labels.empty()) object["metadata"].as_object()["labels"] = labels_object(node.labels);
  if (!cidrs.empty()) object["spec"] = json::object{{"podCIDRs", std::move(cidrs)}};
  if (!addresses.empty()) object["status"] = json::object{{"addresses", std::move(addresses)}};
  return object;
}

}  // namespace

json::object to_json_object(const model::Object& object) {
  return std::visit([](const auto& value) { return to_json_object(value); }, object);
}

}  // namespace sluice::source::encode
