#include "tests/spelling/scalars.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "agent/net/ip.h"

namespace sluice::spelling {
namespace {

using oracle::Random;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Text to kubectl without quotes too.
bool may_stand_plain(std::string_view text) {
  std::string word(text);
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto is_plain = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.' || c == '/'; };
  return !word.empty() && std::isalpha(static_cast<unsigned char>(word[0])) &&
         std::all_of(word.begin(), word.end(), is_plain) &&
         !is_one_of(word, {"true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"});
}

std::string in_base(unsigned value, unsigned base) {
  std::string digits;
  do digits.insert(digits.begin(), "0123456789abcdef"[value % base]);
  while (value /= base);
  return digits;
}

// The first character by its number.
std::string escaped(Random& random, std::string_view text) {
  if (text.empty() || !random.chance(25)) return "\"" + std::string(text) + "\"";
  const std::string code = in_base(static_cast<unsigned char>(text[0]), 16);
  return "\"\\u" + std::string(4 - code.size(), '0') + code + std::string(text.substr(1)) + "\"";
}

std::string padded(Random& random, std::string_view number, size_t most) {
  const size_t room = most > number.size() ? most - number.size() : 0;
  return std::string(random.below(room + 1), '0') + std::string(number);
}

// Each run of digits in `text`, between any of `marks`, with zeros up to `most` digits.
std::string pad_each(Random& random, std::string_view text, char mark, size_t most) {
  std::string out;
  while (true) {
    const size_t end = std::min(text.find(mark), text.size());
    out += end == 0 ? "" : padded(random, text.substr(0, end), most);
    if (end == text.size()) return out;
    out += mark;
    text.remove_prefix(end + 1);
  }
}

std::string spell_ip(Random& random, const net::Ip& ip) {
  if (ip.family() == net::Family::kIpv4) return pad_each(random, ip.to_text(), '.', 4);
  std::string text = pad_each(random, ip.to_text(), ':', 4);
  if (random.chance(50))
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// An address of the range, its own or another.
net::Ip any_of(Random& random, const net::Cidr& cidr) {
  std::vector<uint8_t> bytes(cidr.base().bytes().begin(), cidr.base().bytes().end());
  for (int bit = cidr.length(); bit < net::address_bits(cidr.family()); ++bit)
    if (random.chance(50)) bytes[static_cast<size_t>(bit / 8)] |= static_cast<uint8_t>(0x80u >> (bit % 8));
  return net::Ip::from_bytes(bytes).value();
}

}  // namespace

std::string spell_text(Random& random, std::string_view text, Style style) {
  if (style == Style::kJson) return escaped(random, text);
  if (may_stand_plain(text) && random.chance(40)) return std::string(text);
  if (random.chance(40)) return "'" + std::string(text) + "'";
  return (random.chance(10) ? "!!str " : "") + escaped(random, text);
}

std::string spell_number(Random& random, std::string_view decimal, Style style) {
  if (style == Style::kJson || random.chance(40)) return std::string(decimal);
  const auto value = static_cast<unsigned>(std::stoul(std::string(decimal)));
  return random.pick({"0x" + in_base(value, 16), "0o" + in_base(value, 8), "0b" + in_base(value, 2)});
}

std::string spell_boolean(Random& random, bool value, Style style) {
  if (style == Style::kJson) return value ? "true" : "false";
  if (value) return random.pick({"true", "True", "TRUE", "yes", "On", "y"});
  return random.pick({"false", "False", "FALSE", "no", "Off", "n"});
}

std::string spell_address(Random& random, std::string_view text) {
  if (random.chance(50)) return std::string(text);
  if (const auto ip = net::Ip::parse(text)) return spell_ip(random, *ip);
  const auto cidr = net::Cidr::parse(text);
  if (!cidr) return std::string(text);
  const net::Ip written = random.chance(30) ? any_of(random, *cidr) : cidr->base();
  return spell_ip(random, written) + "/" + padded(random, std::to_string(cidr->length()), 4);
}

}  // namespace sluice::spelling
