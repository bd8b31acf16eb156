#include "agent/net/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "agent/base/excerpt.h"

namespace sluice::net {

using base::Error;
using base::Result;

std::string_view to_text(Family family) {
  return family == Family::kIpv4 ? "IPv4" : "IPv6";
}

Result<Ip> Ip::parse(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN] = {};
  const auto wrong = [text] { return Error(base::excerpt(text) + " is not an IP address"); };
  if (text.empty() || text.size() >= sizeof(buffer) || text.find('\0') != text.npos) return wrong();
  std::memcpy(buffer, text.data(), text.size());
  Ip ip;
  if (inet_pton(AF_INET, buffer, ip.bytes_.data()) == 1) return ip;
  ip.family_ = Family::kIpv6;
  if (inet_pton(AF_INET6, buffer, ip.bytes_.data()) == 1) return ip;
  return wrong();
}

Result<Ip> Ip::from_bytes(std::span<const uint8_t> bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) return Error("an IP address has 4 or 16 bytes");
  Ip ip;
  ip.family_ = bytes.size() == 4 ? Family::kIpv4 : Family::kIpv6;
  std::copy(bytes.begin(), bytes.end(), ip.bytes_.begin());
  return ip;
}

std::string Ip::to_text() const {
  char buffer[INET6_ADDRSTRLEN] = {};
  inet_ntop(family_ == Family::kIpv4 ? AF_INET : AF_INET6, bytes_.data(), buffer, sizeof(buffer));
  return buffer;
}

Result<Cidr> Cidr::parse(std::string_view text) {
  auto slash = text.find('/');
  if (slash == text.npos)
    return Error(base::excerpt(text) + " is not a CIDR: write ADDRESS/LENGTH, e.g. 10.0.0.0/8");
  auto ip = Ip::parse(text.substr(0, slash));
  if (!ip) return ip.error();
  auto digits = text.substr(slash + 1);
  int length = -1;
  auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  bool canonical =
      !digits.empty() && digits[0] >= '0' && digits[0] <= '9' && (digits == "0" || digits[0] != '0');
  if (code != std::errc() || end != digits.data() + digits.size() || !canonical ||
      length > address_bits(ip->family()))
    return Error(base::excerpt(text) + " has no prefix length between 0 and " +
                 std::to_string(address_bits(ip->family())));
  return of(*ip, length);
}

Result<Cidr> Cidr::of(const Ip& ip, int length) {
  if (length < 0 || length > address_bits(ip.family()))
    return Error("a prefix length of " + std::to_string(length) + " does not fit " + ip.to_text());
  Cidr cidr;
  cidr.base_ = ip;
  cidr.length_ = length;
  for (int i = 0; i < 16; ++i) {
    int keep = std::clamp(length - 8 * i, 0, 8);
    cidr.base_.bytes_[static_cast<size_t>(i)] &= static_cast<uint8_t>(0xff00u >> keep);
  }
  return cidr;
}

Cidr Cidr::host(const Ip& ip) {
  Cidr cidr;
  cidr.base_ = ip;
  cidr.length_ = address_bits(ip.family());
  return cidr;
}

Cidr Cidr::everything(Family family) {
  Cidr cidr;
  cidr.base_.family_ = family;
  return cidr;
}

bool Cidr::contains(const Ip& ip) const {
  if (ip.family() != family()) return false;
  size_t whole = static_cast<size_t>(length_ / 8);
  if (!std::equal(base_.bytes_.begin(), base_.bytes_.begin() + static_cast<long>(whole), ip.bytes_.begin()))
    return false;
  int rest = length_ % 8;
  if (rest == 0) return true;
  auto mask = static_cast<uint8_t>(0xff00u >> rest);
  return ((base_.bytes_[whole] ^ ip.bytes_[whole]) & mask) == 0;
}

bool Cidr::contains(const Cidr& other) const {
  return other.length_ >= length_ && contains(other.base_);
}

std::string Cidr::to_text() const {
  return base_.to_text() + "/" + std::to_string(length_);
}

}  // namespace sluice::net
