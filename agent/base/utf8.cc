#include "agent/base/utf8.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice::base {
namespace {

// First and last, as UnicodeData.txt has them.
constexpr std::pair<char32_t, char32_t> kHidden[] = {
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x0600, 0x0605},   {0x061c, 0x061c},
    {0x06dd, 0x06dd},   {0x070f, 0x070f},   {0x0890, 0x0891},   {0x08e2, 0x08e2},   {0x180e, 0x180e},
    {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},   {0xfeff, 0xfeff},   {0xfff9, 0xfffb},
    {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
    {0xe0000, 0xe01ef}};

size_t length_by_lead(unsigned lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if ((lead & 0xf0) == 0xe0) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

}  // namespace

Character first_character(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const size_t length = length_by_lead(byte(0));
  if (length == 0 || length > text.size()) return {};
  char32_t code = length == 1 ? byte(0) : byte(0) & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3fu);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool outside = (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff;
  if (overlong || outside) return {};
  return {code, length};
}

bool is_hidden(char32_t code) {
  const auto* after = std::upper_bound(std::begin(kHidden), std::end(kHidden), code,
                                       [](char32_t one, const auto& range) { return one < range.first; });
  return after != std::begin(kHidden) && code <= std::prev(after)->second;
}

}  // namespace sluice::base
