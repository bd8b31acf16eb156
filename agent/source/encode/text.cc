#include "agent/source/encode/text.h"

#include <yaml.h>

#include <boost/json/serialize.hpp>

namespace sluice::source::encode {

namespace json = boost::json;

namespace {

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

std::string to_yaml_document(const json::value& value) {
  return YamlWriter().document(value);
}

std::string to_indented_json(const json::value& value) {
  std::string text;
  indent(value, "", text);
  return text + "\n";
}

}  // namespace sluice::source::encode
