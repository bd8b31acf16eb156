#include "agent/explain/object_text.h"

#include <yaml.h>

#include <boost/json/serialize.hpp>

namespace sluice::explain {

namespace json = boost::json;

namespace {

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

void indent(const json::value& value, const std::string& margin, std::string& text) {
  const std::string inner = margin + "  ";
  const auto list = [&](char open, char close, const auto& items, auto write) {
    if (items.empty()) return void(text += {open, close});
    text += open;
    const char* between = "\n";
    for (const auto& item : items) {
      text += between + inner;
      write(item);
      between = ",\n";
    }
    text += "\n" + margin + close;
  };
  if (const auto* object = value.if_object()) {
    list('{', '}', *object, [&](const json::key_value_pair& member) {
      text += json::serialize(member.key()) + ": ";
      indent(member.value(), inner, text);
    });
  } else if (const auto* array = value.if_array()) {
    list('[', ']', *array, [&](const json::value& item) { indent(item, inner, text); });
  } else {
    text += json::serialize(value);
  }
}

// libyaml's emitter, one document into a string.
class YamlWriter {
 public:
  YamlWriter() {
    yaml_emitter_initialize(&emitter_);
    yaml_emitter_set_output(&emitter_, append, &text_);
    yaml_emitter_set_unicode(&emitter_, 1);
    yaml_emitter_set_width(&emitter_, -1);
  }
  ~YamlWriter() { yaml_emitter_delete(&emitter_); }
  YamlWriter(const YamlWriter&) = delete;
  YamlWriter& operator=(const YamlWriter&) = delete;

  std::string document(const json::value& value) {
    yaml_event_t event;
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    emit(event);
    yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr, 1);
    emit(event);
    node(value);
    yaml_document_end_event_initialize(&event, 1);
    emit(event);
    yaml_stream_end_event_initialize(&event);
    emit(event);
    return std::move(text_);
  }

 private:
  static int append(void* text, unsigned char* bytes, size_t size) {
    static_cast<std::string*>(text)->append(reinterpret_cast<const char*>(bytes), size);
    return 1;
  }

  void emit(yaml_event_t& event) { yaml_emitter_emit(&emitter_, &event); }

  void node(const json::value& value) {
    yaml_event_t event;
    if (const auto* object = value.if_object()) {
      const auto style = object->empty() ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE;
      yaml_mapping_start_event_initialize(&event, nullptr, nullptr, 1, style);
      emit(event);
      for (const auto& member : *object) {
        scalar(member.key(), true);
        node(member.value());
      }
      yaml_mapping_end_event_initialize(&event);
      emit(event);
    } else if (const auto* array = value.if_array()) {
      const auto style = array->empty() ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE;
      yaml_sequence_start_event_initialize(&event, nullptr, nullptr, 1, style);
      emit(event);
      for (const auto& item : *array) node(item);
      yaml_sequence_end_event_initialize(&event);
      emit(event);
    } else if (const auto* text = value.if_string()) {
      scalar(*text, true);
    } else {
      scalar(json::serialize(value), false);
    }
  }

  // What begins with a letter and has letters, digits and a few marks alone, and is none of YAML's words, needs no quotes.
  static bool is_plain(std::string_view text) {
    static constexpr std::string_view kWords[] = {"y",    "n",     "yes",  "no",  "on", "off",
                                                  "true", "false", "null", "nan", "inf"};
    if (text.empty() || !std::isalpha(static_cast<unsigned char>(text.front()))) return false;
    std::string small;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (!std::isalnum(byte) && c != '-' && c != '_' && c != '.' && c != '/') return false;
      small += static_cast<char>(std::tolower(byte));
    }
    for (const std::string_view word : kWords)
      if (small == word) return false;
    return true;
  }

  void scalar(std::string_view text, bool is_text) {
    const auto style = !is_text || is_plain(text) ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    yaml_event_t event;
    yaml_scalar_event_initialize(&event, nullptr, nullptr, reinterpret_cast<const yaml_char_t*>(text.data()),
                                 static_cast<int>(text.size()), 1, 1, style);
    emit(event);
  }

  yaml_emitter_t emitter_{};
  std::string text_;
};

}  // namespace

json::object to_json_object(const model::NetworkPolicy& policy) {
  json::object spec{{"podSelector", selector_object(policy.pod_selector)}};
  json::array types;
  if (policy.isolates_ingress) types.emplace_back("Ingress");
  if (policy.isolates_egress) types.emplace_back("Egress");
  spec["policyTypes"] = std::move(types);
  if (!policy.ingress.empty()) spec["ingress"] = rules_array(policy.ingress, "from");
  if (!policy.egress.empty()) spec["egress"] = rules_array(policy.egress, "to");
  return {{"apiVersion", "networking.k8s.io/v1"},
          {"kind", "NetworkPolicy"},
          {"metadata", {{"name", policy.name.name}, {"namespace", policy.name.ns}}},
          {"spec", std::move(spec)}};
}

std::string to_yaml_document(const json::value& value) {
  return YamlWriter().document(value);
}

std::string to_indented_json(const json::value& value) {
  std::string text;
  indent(value, "", text);
  return text + "\n";
}

}  // namespace sluice::explain
