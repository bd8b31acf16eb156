// Ip and Cidr: canonical by construction. Bytes are in network order throughout.
//
// Laws:
//  1. An Ip is IPv4 (4 bytes) or IPv6 (16 bytes). An IPv4-mapped IPv6 text (::ffff:1.2.3.4) stays
//     IPv6, because on the wire it is.
//  2. A Cidr has no host bits.
//  3. Ordering is by family, then bytes, then length: the same everywhere.
//  4. Text forms are those of RFC 4291 section 2.2 and RFC 5952 (as inet_pton/inet_ntop do).
//
// Values; any thread.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace sluice::net {

enum class Family : uint8_t { kIpv4 = 4, kIpv6 = 6 };
std::string_view to_text(Family family);  // "IPv4", "IPv6"
constexpr int address_bits(Family family) {
  return family == Family::kIpv4 ? 32 : 128;
}

class Ip {
 public:
  Ip() = default;  // 0.0.0.0
  static base::Result<Ip> parse(std::string_view text);
  // 4 or 16 bytes in network order; any other length is an error.
  static base::Result<Ip> from_bytes(std::span<const uint8_t> bytes);

  Family family() const { return family_; }
  // 4 or 16 bytes in network order.
  std::span<const uint8_t> bytes() const { return {bytes_.data(), family_ == Family::kIpv4 ? 4u : 16u}; }
  // Always 16 bytes; an IPv4 address stands in the first 4, the rest is zero.
  const std::array<uint8_t, 16>& padded() const { return bytes_; }
  // Bit `index` counted from the most significant; 0 <= index < address_bits(family()).
  bool bit(int index) const { return (bytes_[static_cast<size_t>(index / 8)] >> (7 - index % 8)) & 1; }
  std::string to_text() const;
  bool is_unspecified() const { return bytes_ == std::array<uint8_t, 16>{}; }  // 0.0.0.0 or ::

  bool operator==(const Ip&) const = default;
  std::strong_ordering operator<=>(const Ip& other) const {
    if (family_ != other.family_) return family_ <=> other.family_;
    const auto high = word(0) <=> other.word(0);
    return high != 0 ? high : word(8) <=> other.word(8);
  }

 private:
  friend class Cidr;
  // Eight bytes as the number that orders as they do: two comparisons instead of a call of memcmp.
  uint64_t word(size_t at) const {
    uint64_t value = 0;
    std::memcpy(&value, &bytes_[at], sizeof value);
    if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap64(value);
    return value;
  }
  Family family_ = Family::kIpv4;
  std::array<uint8_t, 16> bytes_{};
};

class Cidr {
 public:
  Cidr() = default;  // 0.0.0.0/0
  // "10.1.2.3/8" is 10.0.0.0/8. A text without "/" is an error (the Kubernetes API asks for a prefix length),
  // so are leading zeros and signs in the length.
  static base::Result<Cidr> parse(std::string_view text);
  // Host bits are cleared; length is 0..address_bits.
  static base::Result<Cidr> of(const Ip& ip, int length);
  static Cidr host(const Ip& ip);  // /32 or /128
  static Cidr everything(Family family);

  const Ip& base() const { return base_; }
  int length() const { return length_; }
  Family family() const { return base_.family(); }
  bool contains(const Ip& ip) const;
  bool contains(const Cidr& other) const;  // other is inside or equal
  std::string to_text() const;

  auto operator<=>(const Cidr&) const = default;

 private:
  Ip base_;
  int length_ = 0;
};

}  // namespace sluice::net

template <>
struct std::hash<sluice::net::Ip> {
  size_t operator()(const sluice::net::Ip& ip) const noexcept {
    return std::hash<std::string_view>()(
        {reinterpret_cast<const char*>(ip.padded().data()), ip.padded().size()});
  }
};
template <>
struct std::hash<sluice::net::Cidr> {
  size_t operator()(const sluice::net::Cidr& cidr) const noexcept {
    return std::hash<sluice::net::Ip>()(cidr.base()) * 131 + static_cast<size_t>(cidr.length());
  }
};
