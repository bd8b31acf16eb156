#include "agent/engine/json_members.h"

#include <algorithm>

namespace sluice::engine {
namespace {

constexpr std::string_view kWhite = " \t\r\n";

size_t string_end(std::string_view text, size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return std::min(at + 1, text.size());
}

// Behind the value that starts at `at`: at the comma or the brace that ends its member.
size_t value_end(std::string_view text, size_t at) {
  for (size_t depth = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = string_end(text, at);
      continue;
    }
    const bool closes = c == '}' || c == ']';
    if (depth == 0 && (closes || c == ',')) return at;
    if (c == '{' || c == '[') ++depth;
    if (closes) --depth;
    ++at;
  }
  return at;
}

std::string_view trimmed(std::string_view text) {
  const size_t last = text.find_last_not_of(kWhite);
  return text.substr(0, last == text.npos ? 0 : last + 1);
}

}  // namespace

std::vector<JsonMember> members_of(std::string_view object) {
  std::vector<JsonMember> members;
  for (size_t at = object.find('"'); at < object.size(); at = object.find('"', at)) {
    const size_t key_end = string_end(object, at);
    const size_t value =
        object.find_first_not_of(kWhite, std::min(object.find(':', key_end), object.size() - 1) + 1);
    if (value == object.npos) break;
    const size_t end = value_end(object, value);
    members.push_back({object.substr(at, key_end - at), trimmed(object.substr(value, end - value))});
    at = end;
  }
  return members;
}

}  // namespace sluice::engine
