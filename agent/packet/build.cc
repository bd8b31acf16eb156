#include "agent/packet/build.h"

#include <algorithm>

namespace sluice::packet {
namespace {

constexpr uint16_t kEtherIpv4 = 0x0800, kEtherArp = 0x0806, kEtherIpv6 = 0x86dd;
constexpr uint8_t kFragmentHeader = 44;
constexpr uint16_t kClientPort = 40000;

void put8(Bytes& to, unsigned value) {
  to.push_back(static_cast<uint8_t>(value));
}
void put16(Bytes& to, unsigned value) {
  put8(to, value >> 8 & 0xff);
  put8(to, value & 0xff);
}
void put32(Bytes& to, uint32_t value) {
  put16(to, value >> 16);
  put16(to, value & 0xffff);
}
void put(Bytes& to, std::span<const uint8_t> bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

Bytes ethernet(uint16_t type) {
  Bytes frame = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
  put16(frame, type);
  return frame;
}

void put_upper(Bytes& to, const Spec& spec) {
  auto ports = [&] {
    put16(to, spec.source_port.host());
    put16(to, spec.destination_port.host());
  };
  if (spec.protocol == net::kTcp) {
    ports();
    put32(to, spec.tcp_sequence);
    put32(to, spec.tcp_acknowledged);
    put8(to, 5 << 4);
    put8(to, spec.tcp_flags);
    put16(to, 65535);
    put32(to, 0);
  } else if (spec.protocol == net::kUdp) {
    ports();
    put16(to, static_cast<unsigned>(8 + spec.payload.size()));
    put16(to, 0);
  } else if (spec.protocol == net::kSctp) {
    ports();
    put32(to, 0);
    put32(to, 0);
  } else if (spec.protocol == net::kIcmp || spec.protocol == net::kIcmpv6) {
    put8(to, spec.icmp_type);
    put8(to, spec.icmp_type == 3 ? 4 : 0);
    put16(to, 0);
    put16(to, spec.icmp_identifier);
    put16(to, 1);
  }
  put(to, spec.payload);
}

// The bytes of the IP payload that this packet carries: all, or this fragment's part of them.
Bytes ip_payload(const Spec& spec) {
  Bytes upper;
  put_upper(upper, spec);
  if (spec.fragment && spec.fragment->offset > 0) return spec.payload;
  return upper;
}

unsigned checksum(std::span<const uint8_t> header) {
  uint32_t sum = 0;
  for (size_t i = 0; i + 1 < header.size(); i += 2)
    sum += static_cast<uint32_t>(header[i] << 8 | header[i + 1]);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

Bytes build_ipv4(const Spec& spec) {
  Bytes payload = ip_payload(spec), packet;
  unsigned words = 5u + spec.ipv4_option_words;
  put8(packet, 4 << 4 | words);
  put8(packet, 0);
  put16(packet, static_cast<unsigned>(words * 4 + payload.size()));
  put16(packet, spec.fragment ? spec.fragment->identification & 0xffff : 0);
  put16(packet, spec.fragment ? (spec.fragment->more ? 0x2000u : 0) | spec.fragment->offset : 0x4000);
  put8(packet, spec.hop_limit);
  put8(packet, spec.protocol.number());
  put16(packet, 0);
  put(packet, spec.source.bytes());
  put(packet, spec.destination.bytes());
  packet.resize(words * 4, 1);
  unsigned sum = checksum(packet);
  packet[10] = static_cast<uint8_t>(sum >> 8);
  packet[11] = static_cast<uint8_t>(sum & 0xff);
  put(packet, payload);
  return packet;
}

Bytes build_ipv6(const Spec& spec) {
  std::vector<uint8_t> kinds = spec.extension_headers;
  if (spec.fragment) kinds.push_back(kFragmentHeader);
  kinds.push_back(spec.protocol.number());
  Bytes chain;
  for (size_t i = 0; i + 1 < kinds.size(); ++i) {
    put8(chain, kinds[i + 1]);
    put8(chain, 0);
    if (kinds[i] == kFragmentHeader) {
      Fragment fragment = spec.fragment.value_or(Fragment{});
      put16(chain, static_cast<unsigned>(fragment.offset << 3) | (fragment.more ? 1u : 0));
      put32(chain, fragment.identification);
    } else {
      chain.resize(chain.size() + 6);
    }
  }
  put(chain, ip_payload(spec));
  Bytes packet;
  put32(packet, 0x60000000);
  put16(packet, static_cast<unsigned>(chain.size()));
  put8(packet, kinds[0]);
  put8(packet, spec.hop_limit);
  put(packet, spec.source.bytes());
  put(packet, spec.destination.bytes());
  put(packet, chain);
  return packet;
}

}  // namespace

Bytes build_ip(const Spec& spec) {
  return spec.source.family() == net::Family::kIpv4 ? build_ipv4(spec) : build_ipv6(spec);
}

Bytes build(const Spec& spec) {
  Bytes frame = ethernet(spec.source.family() == net::Family::kIpv4 ? kEtherIpv4 : kEtherIpv6);
  put(frame, build_ip(spec));
  return frame;
}

Spec icmp_error(const net::Ip& source, const net::Ip& destination, const Spec& quoted) {
  Spec error;
  bool v4 = source.family() == net::Family::kIpv4;
  error.source = source;
  error.destination = destination;
  error.protocol = v4 ? net::kIcmp : net::kIcmpv6;
  error.icmp_type = v4 ? 3 : 2;
  error.payload = build_ip(quoted);
  return error;
}

Bytes arp_request() {
  Bytes frame = ethernet(kEtherArp);
  frame.resize(frame.size() + 28);
  return frame;
}

Spec opening(const net::Ip& source, const net::Ip& destination, net::Protocol protocol,
             net::Port destination_port) {
  Spec spec;
  spec.source = source;
  spec.destination = destination;
  spec.protocol = protocol;
  spec.source_port = net::Port::from_host(kClientPort);
  spec.destination_port = destination_port;
  if (protocol == net::kIcmpv6) spec.icmp_type = 128;
  return spec;
}

}  // namespace sluice::packet
