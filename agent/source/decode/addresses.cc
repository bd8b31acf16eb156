#include "agent/source/decode/addresses.h"

#include <algorithm>
#include <cctype>

#include "agent/base/excerpt.h"

namespace sluice::source::decode {
namespace {

bool is_hexadecimal(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}

// A group of IPv6 has up to four digits, zeros or not.
constexpr size_t kGroupDigits = 4;

}  // namespace

std::string without_leading_zeros(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const auto digits =
        static_cast<size_t>(std::find_if_not(text.begin(), text.end(), is_hexadecimal) - text.begin());
    std::string_view number = text.substr(0, digits);
    text.remove_prefix(digits);
    const bool group = text.starts_with(':') || plain.ends_with(':');
    const bool octet = text.starts_with('.') || plain.ends_with('.');
    const size_t least = group && !octet ? kGroupDigits : 1;
    while (number.size() > least && number[0] == '0') number.remove_prefix(1);
    plain += number;
    if (text.empty()) break;
    plain += text[0];
    text.remove_prefix(1);
  }
  return plain;
}

net::Ip decode_ip(const Field& ip) {
  const std::string text = ip.required_text(), plain = without_leading_zeros(text);
  auto parsed = net::Ip::parse(plain);
  if (!parsed) return ip.value_of(std::move(parsed));
  if (plain != text) ip.warn(base::excerpt(text) + " has leading zeros and is read as " + parsed->to_text());
  return *parsed;
}

base::Result<net::Cidr> read_cidr(const Field& field, std::string_view text) {
  const std::string plain = without_leading_zeros(text);
  auto parsed = net::Cidr::parse(plain);
  if (!parsed) return parsed;
  const auto written = net::Ip::parse(std::string_view(plain).substr(0, plain.find('/')));
  std::string odd = plain != text ? "leading zeros" : "";
  if (written && *written != parsed->base()) odd += odd.empty() ? "host bits" : " and host bits";
  if (!odd.empty()) field.warn(base::excerpt(text) + " has " + odd + " and is read as " + parsed->to_text());
  return parsed;
}

net::Cidr decode_cidr(const Field& cidr) {
  return cidr.value_of(read_cidr(cidr, cidr.required_text()));
}

}  // namespace sluice::source::decode
