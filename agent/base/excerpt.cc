#include "agent/base/excerpt.h"

namespace sluice::base {
namespace {

constexpr size_t kExcerptBytes = 64;

}  // namespace

std::string one_line(std::string_view message) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string line;
  line.reserve(message.size());
  for (char c : message) {
    auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      line += c;
      continue;
    }
    line += "\\x";
    line += kHex[byte >> 4];
    line += kHex[byte & 15];
  }
  return line;
}

std::string excerpt(std::string_view text) {
  bool cut = text.size() > kExcerptBytes;
  if (cut) {
    size_t end = kExcerptBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text = text.substr(0, end);
  }
  return "\"" + one_line(text) + (cut ? "…\"" : "\"");
}

}  // namespace sluice::base
