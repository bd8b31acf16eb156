#include "agent/base/excerpt.h"

#include <algorithm>

#include "agent/base/utf8.h"

namespace sluice::base {
namespace {

constexpr size_t kExcerptBytes = 64;

void append_as_hex(std::string_view bytes, std::string& line) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    line += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
  }
}

bool is_plain(char c) {
  return c >= 0x20 && c < 0x7f;
}

}  // namespace

std::string printable(std::string_view text, std::string_view kept) {
  std::string line;
  line.reserve(text.size());
  while (!text.empty()) {
    const auto plain = std::find_if_not(text.begin(), text.end(), is_plain);
    line.append(text.begin(), plain);
    text.remove_prefix(static_cast<size_t>(plain - text.begin()));
    if (text.empty()) break;
    const Character next = first_character(text);
    const std::string_view bytes = text.substr(0, std::max<size_t>(next.bytes, 1));
    const bool stands = next.bytes == 1 ? kept.find(text[0]) != kept.npos : !is_hidden(next.code);
    if (next.bytes > 0 && stands)
      line += bytes;
    else
      append_as_hex(bytes, line);
    text.remove_prefix(bytes.size());
  }
  return line;
}

std::string one_line(std::string_view message) {
  return printable(message, {});
}

std::string shortened(std::string_view message, size_t most) {
  if (message.size() <= most) return one_line(message);
  size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0) == 0x80) --end;
  return one_line(message.substr(0, end)) + "…";
}

std::string excerpt(std::string_view text) {
  return "\"" + shortened(text, kExcerptBytes) + "\"";
}

}  // namespace sluice::base
