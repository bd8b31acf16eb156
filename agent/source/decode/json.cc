// JSON by Boost.JSON's event interface (its value type would keep the last of two equal keys silently).
#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>

#include "agent/base/excerpt.h"
#include "agent/source/decode/documents.h"
#include "agent/source/decode/tree_builder.h"

namespace sluice::source::decode {
namespace {

namespace json = boost::json;

// Member names and constants are those that boost::json::basic_parser asks its handler for.
struct Events {
  static constexpr std::size_t max_object_size = kMaxNodes;
  static constexpr std::size_t max_array_size = kMaxNodes;
  static constexpr std::size_t max_key_size = 1 << 20;
  static constexpr std::size_t max_string_size = 1 << 26;

  TreeBuilder builder;
  std::string text;  // parts of the string, key or number being read
  const char* counted = nullptr;
  uint32_t line = 1;

  // The line of the event whose text ends at or before `at`; the parser hands out pieces of the input in
  // order.
  uint32_t line_at(const char* at, const char* end) {
    if (at > counted && at <= end) {
      line += static_cast<uint32_t>(std::count(counted, at, '\n'));
      counted = at;
    }
    return line;
  }
  const char* input_end = nullptr;
  void locate(json::string_view piece) { line_at(piece.data(), input_end); }

  void emit(bool quoted) {
    builder.scalar(text, quoted, line);
    text.clear();
  }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return builder.begin(TreeType::kMap, line), true; }
  bool on_object_end(std::size_t, json::error_code&) { return builder.end(), true; }
  bool on_array_begin(json::error_code&) { return builder.begin(TreeType::kSequence, line), true; }
  bool on_array_end(std::size_t, json::error_code&) { return builder.end(), true; }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) { return append(part); }
  bool on_string(json::string_view part, std::size_t, json::error_code&) {
    return append(part), emit(true), true;
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return append(part); }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    return append(part), emit(true), true;
  }
  bool on_number_part(json::string_view part, json::error_code&) { return append(part); }
  bool on_int64(std::int64_t, json::string_view part, json::error_code&) {
    return append(part), emit(false), true;
  }
  bool on_uint64(std::uint64_t, json::string_view part, json::error_code&) {
    return append(part), emit(false), true;
  }
  bool on_double(double, json::string_view part, json::error_code&) {
    return append(part), emit(false), true;
  }
  bool on_bool(bool value, json::error_code&) {
    text = value ? "true" : "false";
    return emit(false), true;
  }
  bool on_null(json::error_code&) { return builder.null(line), true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  bool append(json::string_view part) {
    locate(part);
    text.append(part.data(), part.size());
    return true;
  }
};

}  // namespace

ParsedDocument parse_json_value(std::string_view& text, uint32_t first_line) {
  size_t start = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  first_line +=
      static_cast<uint32_t>(std::count(text.begin(), text.begin() + static_cast<long>(start), '\n'));
  std::string_view input = text.substr(start);
  text = {};
  if (input.empty()) return std::monostate{};
  try {
    json::parse_options options;
    options.max_depth = kMaxDepth + 1;  // the builder's own limit speaks first
    json::basic_parser<Events> parser(options);
    Events& events = parser.handler();
    events.counted = input.data();
    events.input_end = input.data() + input.size();
    events.line = first_line;
    json::error_code code;
    size_t used = parser.write_some(false, input.data(), input.size(), code);
    if (code) {
      auto line = first_line + static_cast<uint32_t>(std::count(input.data(), input.data() + used, '\n'));
      bool cut = code == json::error::incomplete;
      return SyntaxError{line, cut ? "ends in the middle of a JSON value"
                                   : "is not JSON: " + base::one_line(code.message())};
    }
    text = input.substr(used);
    Document document = events.builder.take();
    if (document.root().is_null()) return std::monostate{};
    return document;
  } catch (const TreeError& error) {
    return SyntaxError{error.line, error.message};
  } catch (const std::exception& error) {
    return SyntaxError{first_line, "is not JSON: " + base::one_line(error.what())};
  }
}

}  // namespace sluice::source::decode
