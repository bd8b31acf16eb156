// Port, PortRange and Protocol. A Port is a number in host order inside, converted only by name; protocols
// are IANA numbers (RFC 5237 registry). Values; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace sluice::net {

class Port {
 public:
  constexpr Port() = default;
  static constexpr Port from_host(uint16_t number) { return Port(number); }
  static constexpr Port from_network(uint16_t bytes) { return Port(__builtin_bswap16(bytes)); }
  // A service, container or policy port: 1..65535 (Kubernetes API validation).
  static base::Result<Port> from_number(int64_t number);

  constexpr uint16_t host() const { return number_; }
  constexpr uint16_t network() const {
    return __builtin_bswap16(number_);
  }  // big-endian bytes, as on the wire
  auto operator<=>(const Port&) const = default;

 private:
  constexpr explicit Port(uint16_t number) : number_(number) {}
  uint16_t number_ = 0;
};

// Both ends in; first <= last.
struct PortRange {
  Port first, last;
  static constexpr PortRange all() { return {Port::from_host(0), Port::from_host(65535)}; }
  static constexpr PortRange one(Port port) { return {port, port}; }
  bool contains(Port port) const { return first <= port && port <= last; }
  auto operator<=>(const PortRange&) const = default;
};

// An IP protocol number, 0..255. TCP, UDP and SCTP have ports; nothing else has (semantics 16).
class Protocol {
 public:
  constexpr Protocol() = default;
  constexpr explicit Protocol(uint8_t number) : number_(number) {}
  // "TCP", "UDP", "SCTP" exactly as the Kubernetes API spells them.
  static base::Result<Protocol> parse(std::string_view name);

  constexpr uint8_t number() const { return number_; }
  constexpr bool has_ports() const { return number_ == 6 || number_ == 17 || number_ == 132; }
  // As the next header of an IPv6 packet it announces another header (IANA, IPv6 Extension Header Types;
  // those that the packet path follows: sluice_is_extension() in bpf/parse.h).
  constexpr bool is_ipv6_extension() const {
    for (int extension : {0, 43, 44, 51, 60, 135, 139, 140})
      if (number_ == extension) return true;
    return false;
  }
  std::string to_text() const;  // "TCP", "UDP", "SCTP", "ICMP", "ICMPv6", else the number
  auto operator<=>(const Protocol&) const = default;

 private:
  uint8_t number_ = 0;
};

inline constexpr Protocol kIcmp{1}, kTcp{6}, kUdp{17}, kIcmpv6{58}, kSctp{132};
// The protocols that have ports, in the order in which tables keep them.
inline constexpr Protocol kPortProtocols[] = {kTcp, kUdp, kSctp};

}  // namespace sluice::net
