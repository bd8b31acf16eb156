#include "agent/base/visible_json.h"

#include <algorithm>

#include "agent/base/utf8.h"

namespace sluice::base {
namespace {

bool is_plain(char c) {
  return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t';
}

void append_unit(uint32_t unit, std::string& json) {
  static constexpr char kHex[] = "0123456789abcdef";
  json += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) json += kHex[unit >> shift & 15];
}

// RFC 8259 section 7: what is beyond 16 bits as two surrogates.
void append_escaped(char32_t code, std::string& json) {
  if (code < 0x10000) return append_unit(code, json);
  append_unit(0xd800 + ((code - 0x10000) >> 10), json);
  append_unit(0xdc00 + ((code - 0x10000) & 0x3ff), json);
}

}  // namespace

std::string visible_json(std::string json) {
  if (std::all_of(json.begin(), json.end(), is_plain)) return json;
  std::string visible;
  visible.reserve(json.size());
  for (std::string_view text = json; !text.empty();) {
    const Character next = first_character(text);
    const std::string_view bytes = text.substr(0, std::max<size_t>(next.bytes, 1));
    if (next.bytes == 0)
      append_escaped(0xfffd, visible);
    else if (is_plain(text[0]) || !is_hidden(next.code))
      visible += bytes;
    else
      append_escaped(next.code, visible);
    text.remove_prefix(bytes.size());
  }
  return visible;
}

}  // namespace sluice::base
