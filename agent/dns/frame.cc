#include "agent/dns/frame.h"

#include "agent/net/port.h"

namespace sluice::dns {

namespace {

constexpr size_t kEthernetBytes = 14, kIpv4Bytes = 20, kIpv6Bytes = 40, kUdpBytes = 8, kTcpBytes = 20;
constexpr size_t kUdpChecksum = 6, kTcpChecksum = 16;  // where it stands in the header
constexpr int kMostExtensions = 8;                     // as the packet path has it (include/sluice/limits.h)

uint16_t word_at(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

net::Ip ip_at(std::span<const uint8_t> bytes, size_t at, size_t size) {
  return *net::Ip::from_bytes(bytes.subspan(at, size));
}

// What follows the IP header, or why nothing does.
struct Upper {
  Kind kind = Kind::kMalformed;
  net::Protocol protocol;
};

// RFC 791. Sets addresses and offsets.
Upper read_ipv4(std::span<const uint8_t> frame, Packet& packet) {
  const auto ip = frame.subspan(packet.ip_offset);
  if (ip.size() < kIpv4Bytes || ip[0] >> 4 != 4) return {};
  const size_t header = size_t{4} * (ip[0] & 0x0f), total = word_at(ip, 2);
  if (header < kIpv4Bytes || total < header || total > ip.size()) return {};
  packet.source = ip_at(ip, 12, 4);
  packet.destination = ip_at(ip, 16, 4);
  packet.transport_offset = packet.ip_offset + header;
  packet.end = packet.ip_offset + total;
  constexpr uint16_t kMoreOrOffset = 0x3fff;
  return {(word_at(ip, 6) & kMoreOrOffset) != 0 ? Kind::kFragment : Kind::kOther, net::Protocol(ip[9])};
}

// RFC 8200. A fragment header is one even where it says that nothing is missing (RFC 6946).
Upper read_ipv6(std::span<const uint8_t> frame, Packet& packet) {
  const auto ip = frame.subspan(packet.ip_offset);
  if (ip.size() < kIpv6Bytes || ip[0] >> 4 != 6) return {};
  const size_t end = kIpv6Bytes + word_at(ip, 4);
  if (end > ip.size()) return {};
  packet.source = ip_at(ip, 8, 16);
  packet.destination = ip_at(ip, 24, 16);
  packet.end = packet.ip_offset + end;
  uint8_t next = ip[6];
  size_t at = kIpv6Bytes;
  for (int i = 0; net::Protocol(next).is_ipv6_extension(); ++i) {
    constexpr uint8_t kFragmentHeader = 44, kAuthentication = 51;
    if (next == kFragmentHeader) return {Kind::kFragment, {}};
    if (i == kMostExtensions || end - at < 8) return {};
    const size_t size =
        next == kAuthentication ? size_t{4} * (ip[at + 1] + size_t{2}) : size_t{8} * (ip[at + 1] + size_t{1});
    if (size > end - at) return {};
    next = ip[at];
    at += size;
  }
  packet.transport_offset = packet.ip_offset + at;
  return {Kind::kOther, net::Protocol(next)};
}

// Ports and payload; false: malformed.
bool read_udp(std::span<const uint8_t> frame, Packet& packet) {
  const auto udp = frame.subspan(packet.transport_offset, packet.end - packet.transport_offset);
  if (udp.size() < kUdpBytes) return false;
  const size_t length = word_at(udp, 4);
  if (length < kUdpBytes || length > udp.size()) return false;
  packet.end = packet.transport_offset + length;
  packet.payload_offset = packet.transport_offset + kUdpBytes;
  return true;
}

bool read_tcp(std::span<const uint8_t> frame, Packet& packet) {
  const auto tcp = frame.subspan(packet.transport_offset, packet.end - packet.transport_offset);
  if (tcp.size() < kTcpBytes) return false;
  const size_t header = size_t{4} * (tcp[12] >> 4);
  if (header < kTcpBytes || header > tcp.size()) return false;
  packet.sequence = uint32_t{word_at(tcp, 4)} << 16 | word_at(tcp, 6);
  packet.flags = tcp[13];
  packet.payload_offset = packet.transport_offset + header;
  return true;
}

// RFC 1071: the sum of words, an odd byte at the end is the high one.
uint64_t sum_of(std::span<const uint8_t> bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) sum += word_at(bytes, i);
  if (bytes.size() % 2 == 1) sum += uint64_t{bytes.back()} << 8;
  return sum;
}

uint16_t folded(uint64_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

size_t checksum_at(const Packet& packet) {
  return packet.transport_offset + (packet.kind == Kind::kUdp ? kUdpChecksum : kTcpChecksum);
}

uint64_t pseudo_header(const Packet& packet) {
  return sum_of(packet.source.bytes()) + sum_of(packet.destination.bytes()) +
         (packet.kind == Kind::kUdp ? net::kUdp : net::kTcp).number() +
         (packet.end - packet.transport_offset);
}

}  // namespace

Packet read_frame(std::span<const uint8_t> frame) {
  Packet packet;
  if (frame.size() < kEthernetBytes) {
    packet.kind = Kind::kMalformed;
    return packet;
  }
  const uint16_t ether_type = word_at(frame, 12);
  constexpr uint16_t kIpv4 = 0x0800, kIpv6 = 0x86dd;
  if (ether_type != kIpv4 && ether_type != kIpv6) return packet;
  packet.ip_offset = kEthernetBytes;
  const Upper upper = ether_type == kIpv4 ? read_ipv4(frame, packet) : read_ipv6(frame, packet);
  packet.kind = upper.kind;
  if (upper.kind != Kind::kOther || (upper.protocol != net::kUdp && upper.protocol != net::kTcp))
    return packet;
  const bool is_udp = upper.protocol == net::kUdp;
  if (!(is_udp ? read_udp(frame, packet) : read_tcp(frame, packet))) {
    packet.kind = Kind::kMalformed;
    return packet;
  }
  packet.kind = is_udp ? Kind::kUdp : Kind::kTcp;
  packet.source_port = word_at(frame, packet.transport_offset);
  packet.destination_port = word_at(frame, packet.transport_offset + 2);
  packet.payload = frame.subspan(packet.payload_offset, packet.end - packet.payload_offset);
  return packet;
}

Checksum read_checksum(std::span<const uint8_t> frame, const Packet& packet) {
  if (packet.kind != Kind::kUdp && packet.kind != Kind::kTcp) return Checksum::kWrong;
  const uint16_t field = word_at(frame, checksum_at(packet));
  const bool is_absent = packet.kind == Kind::kUdp && field == 0;
  if (is_absent) return packet.source.family() == net::Family::kIpv4 ? Checksum::kValid : Checksum::kWrong;
  const uint64_t pseudo = pseudo_header(packet);
  const auto rest = frame.subspan(packet.transport_offset, packet.end - packet.transport_offset);
  if (folded(pseudo + sum_of(rest)) == 0xffff) return Checksum::kValid;
  return field == folded(pseudo) ? Checksum::kPartial : Checksum::kWrong;
}

std::optional<SendHeader> finish_checksum(std::span<uint8_t> frame, const Packet& packet, uint16_t gso_size) {
  const bool is_udp = packet.kind == Kind::kUdp;
  if (!is_udp && packet.kind != Kind::kTcp) return std::nullopt;
  if (is_udp && gso_size != 0) return std::nullopt;
  SendHeader header;
  const Checksum checksum = read_checksum(frame, packet);
  if (checksum == Checksum::kWrong && gso_size != 0) return std::nullopt;
  if (checksum == Checksum::kWrong || (checksum == Checksum::kValid && gso_size == 0)) return header;
  const size_t at = checksum_at(packet);
  const uint16_t partial = folded(pseudo_header(packet));
  frame[at] = static_cast<uint8_t>(partial >> 8);
  frame[at + 1] = static_cast<uint8_t>(partial);
  header.flags = kNeedsChecksum;
  header.checksum_start = static_cast<uint16_t>(packet.transport_offset);
  header.checksum_offset = static_cast<uint16_t>(at - packet.transport_offset);
  if (gso_size == 0) return header;
  header.gso_type = packet.source.family() == net::Family::kIpv4 ? kGsoTcp4 : kGsoTcp6;
  constexpr uint8_t kCwr = 0x80;
  if ((packet.flags & kCwr) != 0) header.gso_type |= kGsoEcn;
  header.gso_size = gso_size;
  header.header_bytes = static_cast<uint16_t>(packet.payload_offset);
  return header;
}

}  // namespace sluice::dns
