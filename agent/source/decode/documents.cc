#include "agent/source/decode/documents.h"

#include <algorithm>
#include <optional>

#include "agent/base/utf8.h"
#include "agent/source/decode/syntax_cause.h"

namespace sluice::source::decode {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

uint32_t count_lines(std::string_view text) {
  return static_cast<uint32_t>(std::count(text.begin(), text.end(), '\n'));
}

void strip_byte_order_mark(std::string_view& text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
}

// YAML 1.2 section 5.1 (c-printable): UTF-8 without control characters. Checked first since the YAML library
// takes a 0x04 for the end of the file and replaces what is not UTF-8.
std::optional<SyntaxError> refuse_unprintable(std::string_view text) {
  uint32_t line = 1;
  while (!text.empty()) {
    auto byte = static_cast<unsigned char>(text[0]);
    if (byte == '\n') ++line;
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f)
      return SyntaxError{
          line, "holds the control character " + std::to_string(byte) + ": save the file as UTF-8 text"};
    const size_t length = base::first_character(text).bytes;
    if (length == 0) return SyntaxError{line, "is not UTF-8: save the file as UTF-8 text"};
    text.remove_prefix(length);
  }
  return std::nullopt;
}

bool is_marker(std::string_view line, std::string_view marker) {
  strip_byte_order_mark(line);
  if (!line.starts_with(marker)) return false;
  return line.size() == marker.size() || std::string_view(" \t\r\n#").find(line[marker.size()]) != line.npos;
}

std::string_view first_line_of(std::string_view text) {
  return text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
}

bool is_before_document(std::string_view line) {
  strip_byte_order_mark(line);
  size_t start = line.find_first_not_of(" \t\r\n");
  return start == line.npos || line[start] == '#' || line[0] == '%';
}

// Cuts the next document's text off `rest`: comments and directives before it, then up to the next line that
// starts a document, or with the line that ends it (YAML 1.2 section 9.1: such lines cannot stand inside a
// document, not even in a block scalar).
std::string_view next_document(std::string_view& rest) {
  size_t at = 0;
  bool begun = false;
  while (at < rest.size()) {
    std::string_view line = first_line_of(rest.substr(at));
    bool starts = is_marker(line, "---");
    if (starts && begun) break;
    begun |= starts || !is_before_document(line);
    at += line.size();
    if (is_marker(line, "...")) break;
  }
  std::string_view document = rest.substr(0, at);
  rest.remove_prefix(at);
  return document;
}

// The text after the line that starts the document, as kubectl cuts it off: with a comment right behind the
// dashes, and a byte order mark behind that line. Directives need the line, so does what stands in it.
std::string_view without_start(std::string_view text) {
  strip_byte_order_mark(text);
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view line = first_line_of(rest);
    rest.remove_prefix(line.size());
    if (is_marker(line, "---")) {
      strip_byte_order_mark(line);
      if (!is_before_document(line.substr(3))) return text;
      strip_byte_order_mark(rest);
      return rest;
    }
    if (line.starts_with('%') || !is_before_document(line)) return text;
  }
  return text;
}

// Blank and comment lines before the content of a document.
std::string_view content_of(std::string_view text) {
  while (!text.empty()) {
    size_t start = text.find_first_not_of(" \t\r\n");
    if (start == text.npos) return {};
    text.remove_prefix(start);
    if (text[0] != '#' && !is_marker(text, "---")) return text;
    text.remove_prefix(text[0] == '#' ? first_line_of(text).size() : 3);
  }
  return text;
}

class Reader {
 public:
  explicit Reader(const VisitDocument& visit) : visit_(visit) {}

  // JSON documents are parsed as JSON, which is faster and lets one stand after the other; flow maps of YAML
  // look alike and are not.
  void text(std::string_view text, uint32_t first_line) {
    std::string_view rest = content_of(text);
    auto yaml = [&] { return explained(parse_yaml_document(text, first_line), text, first_line); };
    if (!rest.starts_with('{')) return parsed(yaml());
    const bool json = content_of(rest.substr(1)).starts_with('"');
    uint32_t line = first_line;
    std::string_view uncounted = text;
    auto next = [&] {
      const size_t passed = uncounted.size() - rest.size();
      line += count_lines(uncounted.substr(0, passed));
      uncounted.remove_prefix(passed);
      return parse_json_value(rest, line);
    };
    ParsedDocument first = next();
    if (std::holds_alternative<SyntaxError>(first)) {
      ParsedDocument flow_map = yaml();
      return parsed(std::holds_alternative<SyntaxError>(flow_map) && json ? std::move(first)
                                                                          : std::move(flow_map));
    }
    parsed(std::move(first));
    for (rest = content_of(rest); !rest.empty(); rest = content_of(rest)) parsed(next());
  }

  void refuse(SyntaxError error) { parsed(std::move(error)); }

 private:
  static ParsedDocument explained(ParsedDocument parsed, std::string_view text, uint32_t first_line) {
    if (auto* error = std::get_if<SyntaxError>(&parsed))
      return with_cause(std::move(*error), text, first_line);
    return parsed;
  }

  void parsed(ParsedDocument parsed) {
    if (auto* document = std::get_if<Document>(&parsed)) visit_(++number_, std::move(*document));
    if (auto* error = std::get_if<SyntaxError>(&parsed)) visit_(++number_, std::move(*error));
  }

  const VisitDocument& visit_;
  int number_ = 0;
};

}  // namespace

void for_each_document(std::string_view bytes, const VisitDocument& visit) {
  strip_byte_order_mark(bytes);
  Reader reader(visit);
  if (auto error = refuse_unprintable(bytes)) return reader.refuse(std::move(*error));
  uint32_t line = 1;
  while (!bytes.empty()) {
    std::string_view text = next_document(bytes), content = without_start(text);
    const uint32_t before = count_lines(text.substr(0, text.size() - content.size()));
    reader.text(content, line + before);
    line += count_lines(text);
  }
}

}  // namespace sluice::source::decode
