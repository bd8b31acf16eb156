// Frames: what an Ethernet frame carries, and how it is sent again as it was copied.
//
// Laws:
//  1. No byte is trusted; every span and offset lies within the frame.
//  2. What is padded is cut to what its IP header says. What is longer there than the frame is no packet.
//  3. Fragments, the first included, and all that is neither UDP nor TCP have no ports and no payload.
//
// Source: IEEE 802.3, RFC 791, 768, 9293, 8200; virtio 1.2, 5.1.6. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

#include "agent/net/ip.h"

namespace sluice::dns {

enum class Kind {
  kUdp,
  kTcp,
  kFragment,
  kOther,      // IP, but another protocol
  kMalformed,  // cut off, or lengths that cannot be
  kNotIp,      // ARP, a VLAN tag
};

struct Packet {
  Kind kind = Kind::kNotIp;
  net::Ip source, destination;
  uint16_t source_port = 0, destination_port = 0;  // host order
  // Of TCP.
  uint32_t sequence = 0;
  uint8_t flags = 0;
  std::span<const uint8_t> payload;
  // In the frame, in bytes.
  size_t ip_offset = 0, transport_offset = 0, payload_offset = 0, end = 0;
};
inline constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10;

// The payload is part of `frame`, which must outlive it.
Packet read_frame(std::span<const uint8_t> frame);

// What stands in the checksum's field of a UDP or TCP packet.
enum class Checksum {
  kValid,    // or none: UDP over IPv4 may leave it out
  kPartial,  // the sum of the pseudo-header alone: the interface was to complete it (CHECKSUM_PARTIAL)
  kWrong,
};
Checksum read_checksum(std::span<const uint8_t> frame, const Packet& packet);

// struct virtio_net_hdr of the kernel's linux/virtio_net.h, which is no C++: in the byte order of this machine.
struct SendHeader {
  uint8_t flags = 0, gso_type = 0;
  uint16_t header_bytes = 0, gso_size = 0;
  uint16_t checksum_start = 0, checksum_offset = 0;  // from the frame's begin; from there
  bool operator==(const SendHeader&) const = default;
};
static_assert(sizeof(SendHeader) == 10 && std::has_unique_object_representations_v<SendHeader>);
inline constexpr uint8_t kNeedsChecksum = 1;                          // of flags
inline constexpr uint8_t kGsoTcp4 = 1, kGsoTcp6 = 4, kGsoEcn = 0x80;  // of gso_type

// Readies a copied UDP or TCP frame to be sent by a packet socket with PACKET_VNET_HDR, and says with which header. A
// frame longer than what may be sent at once has a `gso_size` (of its skb), else 0: its checksum becomes a partial one.
// One that is wrong stays wrong: the receiver is to see what was sent. None: it cannot be sent so (with a gso_size: a
// datagram, or a wrong checksum; neither UDP nor TCP).
std::optional<SendHeader> finish_checksum(std::span<uint8_t> frame, const Packet& packet, uint16_t gso_size);

}  // namespace sluice::dns
