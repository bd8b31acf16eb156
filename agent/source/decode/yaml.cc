// YAML by libyaml's event interface (the library whose Go port kubectl reads with, and several times as fast
// as yaml-cpp): no node graph is built beside our own, and our limits hold while it reads.
#include <yaml.h>

#include <map>
#include <string>

#include "agent/base/excerpt.h"
#include "agent/source/decode/documents.h"
#include "agent/source/decode/tree_builder.h"

namespace sluice::source::decode {
namespace {

constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";

std::string_view text_of(const yaml_char_t* text) {
  return text ? std::string_view(reinterpret_cast<const char*>(text)) : std::string_view();
}

class Event {
 public:
  Event() : event_{} {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event_); }
  yaml_event_t* get() { return &event_; }
  const yaml_event_t* operator->() const { return &event_; }

 private:
  yaml_event_t event_;
};

class Parser {
 public:
  Parser(std::string_view text, uint32_t first_line) : text_(text), first_line_(first_line) {
    if (!yaml_parser_initialize(&parser_)) throw std::bad_alloc();
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() { yaml_parser_delete(&parser_); }

  // The next event into the builder; its type, YAML_STREAM_END_EVENT at the end.
  yaml_event_type_t step(TreeBuilder& builder) {
    Event event;
    if (!yaml_parser_parse(&parser_, event.get())) throw fault();
    forward(event, builder);
    return event->type;
  }

 private:
  // "@" in quotes; "a tab".
  std::string character_at(const yaml_mark_t& mark) const {
    size_t at = 0;
    for (size_t characters = 0; at < text_.size(); ++at) {
      const bool starts = (static_cast<unsigned char>(text_[at]) & 0xc0) != 0x80;
      if (starts && characters++ == mark.index) break;
    }
    const std::string_view character = text_.substr(at, 1);
    return character == "\t" ? "a tab" : base::excerpt(character);
  }

  uint32_t line_of(const yaml_mark_t& mark) const { return first_line_ + static_cast<uint32_t>(mark.line); }

  TreeError fault() const {
    constexpr std::string_view kNoToken = "found character that cannot start any token";
    const std::string_view problem = parser_.problem ? parser_.problem : "unreadable";
    if (problem == kNoToken)
      return {line_of(parser_.problem_mark), "is not YAML: " + character_at(parser_.problem_mark) +
                                                 " cannot start a value: put the value in quotes"};
    std::string message = "is not YAML: " + base::one_line(problem);
    if (parser_.context) message += " " + base::one_line(parser_.context);
    return {line_of(parser_.problem_mark), message};
  }

  void forward(const Event& event, TreeBuilder& builder) {
    uint32_t line = line_of(event->start_mark);
    switch (event->type) {
      case YAML_NO_EVENT:
      case YAML_STREAM_START_EVENT:
      case YAML_STREAM_END_EVENT:
      case YAML_DOCUMENT_START_EVENT:
      case YAML_DOCUMENT_END_EVENT:
        return;
      case YAML_ALIAS_EVENT:
        return builder.alias(known(text_of(event->data.alias.anchor), line), line);
      case YAML_SCALAR_EVENT:
        return scalar(event->data.scalar, line, builder);
      case YAML_SEQUENCE_START_EVENT:
        expect_tag(text_of(event->data.sequence_start.tag), "seq", line);
        return builder.begin(TreeType::kSequence, line, define(text_of(event->data.sequence_start.anchor)));
      case YAML_MAPPING_START_EVENT:
        expect_tag(text_of(event->data.mapping_start.tag), "map", line);
        return builder.begin(TreeType::kMap, line, define(text_of(event->data.mapping_start.anchor)));
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        return builder.end();
    }
  }

  template <typename Scalar>
  void scalar(const Scalar& data, uint32_t line, TreeBuilder& builder) {
    std::string_view text(reinterpret_cast<const char*>(data.value), data.length), tag = text_of(data.tag);
    size_t anchor = define(text_of(data.anchor));
    bool plain = data.style == YAML_PLAIN_SCALAR_STYLE;
    if (plain && tag.empty() && is_null(text)) return builder.null(line, anchor);
    builder.scalar(text, is_string(tag, plain, line), line, anchor);
  }

  static bool is_null(std::string_view text) {
    return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
  }

  static bool is_string(std::string_view tag, bool plain, uint32_t line) {
    if (tag.empty()) return !plain;
    if (tag == "!") return true;
    for (std::string_view name : {"str", "int", "bool", "float", "null", "timestamp"})
      if (is_core(tag, name)) return name == "str";
    throw TreeError{line, "the tag " + base::excerpt(tag) + " has no meaning in a manifest: leave it out"};
  }

  static void expect_tag(std::string_view tag, std::string_view name, uint32_t line) {
    if (tag.empty() || tag == "!" || is_core(tag, name)) return;
    throw TreeError{line, "the tag " + base::excerpt(tag) + " has no meaning in a manifest: leave it out"};
  }

  static bool is_core(std::string_view tag, std::string_view name) {
    return tag.starts_with(kCoreTag) && tag.substr(kCoreTag.size()) == name;
  }

  // Anchors get numbers, since a name may be given again.
  size_t define(std::string_view anchor) {
    if (anchor.empty()) return 0;
    return anchors_[std::string(anchor)] = ++last_anchor_;
  }
  size_t known(std::string_view anchor, uint32_t line) const {
    auto found = anchors_.find(std::string(anchor));
    if (found != anchors_.end()) return found->second;
    throw TreeError{line, "the alias " + base::excerpt(anchor) + " names no anchor before it"};
  }

  yaml_parser_t parser_;
  std::string_view text_;
  uint32_t first_line_;
  std::map<std::string, size_t> anchors_;
  size_t last_anchor_ = 0;
};

}  // namespace

ParsedDocument parse_yaml_document(std::string_view text, uint32_t first_line) try {
  Parser parser(text, first_line);
  TreeBuilder builder;
  int documents = 0;
  for (auto type = YAML_NO_EVENT; type != YAML_STREAM_END_EVENT;) {
    type = parser.step(builder);
    if (type == YAML_DOCUMENT_START_EVENT && ++documents > 1)
      return SyntaxError{first_line, "goes on after its end: is a \"---\" missing or an indentation wrong?"};
  }
  Document document = builder.take();
  if (document.root().is_null()) return std::monostate{};
  return document;
} catch (const TreeError& error) {
  return SyntaxError{error.line, error.message};
} catch (const std::exception& error) {
  return SyntaxError{first_line, base::one_line(error.what())};
}

}  // namespace sluice::source::decode
