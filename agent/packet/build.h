// Build: frames for engines and tests. A spec says what a packet is; build() gives its bytes from the
// Ethernet header on, with correct lengths and IPv4 header checksum. Upper-layer checksums are left 0: the
// packet path reads none. Sources: RFC 791, 8200, 9293, 768, 9260, 792, 4443, 826. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "agent/net/ip.h"
#include "agent/net/port.h"

namespace sluice::packet {

using Bytes = std::vector<uint8_t>;

struct Fragment {
  uint32_t identification = 1;
  uint16_t offset = 0;  // in units of 8 bytes
  bool more = true;
};

struct Spec {
  net::Ip source, destination;  // of one family
  net::Protocol protocol = net::kTcp;
  net::Port source_port, destination_port;
  uint8_t tcp_flags = 0x02;  // SYN
  uint32_t tcp_sequence = 1, tcp_acknowledged = 2;
  uint8_t icmp_type = 8;  // 8: echo request (IPv4), 128 (IPv6)
  uint16_t icmp_identifier = 0;
  uint8_t hop_limit = 64;
  std::optional<Fragment> fragment;
  uint8_t ipv4_option_words = 0;             // 0..10, each 4 bytes of no-operation
  std::vector<uint8_t> extension_headers{};  // IPv6: kinds in order, 8 bytes each (0, 43, 60, 51, …)
  Bytes payload{};  // behind the upper-layer header; for ICMP errors the quoted packet
};

Bytes build(const Spec& spec);
// The IP packet alone: what an ICMP error quotes.
Bytes build_ip(const Spec& spec);
// The ICMP error about `quoted` that `source` sends to `destination`: type 3 code 4 or ICMPv6 packet too big.
Spec icmp_error(const net::Ip& source, const net::Ip& destination, const Spec& quoted);
Bytes arp_request();
// The first packet of a connection of any protocol.
Spec opening(const net::Ip& source, const net::Ip& destination, net::Protocol protocol,
             net::Port destination_port);

}  // namespace sluice::packet
