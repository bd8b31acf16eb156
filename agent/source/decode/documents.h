// From the bytes of a file to its documents, as kubectl reads them.
//
// Laws:
//  1. A file is split at "---" and "..." lines; between these stands one YAML document, or JSON
//     values one after the other. The content says which, not the file's name.
//  2. A document that cannot be parsed costs itself only, and in JSON those up to the next "---"
//     line; the others are still visited.
//  3. No exception of a parsing library passes this edge.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "agent/source/decode/tree.h"

namespace sluice::source::decode {

// Why a document (or the rest of a file) cannot be read.
struct SyntaxError {
  uint32_t line = 0;  // 1-based in the file; 0 unknown
  std::string message;
  bool not_rendered = false;  // the line is a template's
};

// `number` counts from 1; documents that hold nothing (blank, comments) are not counted and not visited.
using VisitDocument = std::function<void(int number, const std::variant<Document, SyntaxError>& document)>;

void for_each_document(std::string_view bytes, const VisitDocument& visit);

// One document, or none where the text holds nothing. `first_line` is the 1-based line at which `text`
// starts.
using ParsedDocument = std::variant<std::monostate, Document, SyntaxError>;
ParsedDocument parse_yaml_document(std::string_view text, uint32_t first_line);
// One JSON value from the start of `text`, which loses what was read (all of it on an error).
ParsedDocument parse_json_value(std::string_view& text, uint32_t first_line);

}  // namespace sluice::source::decode
