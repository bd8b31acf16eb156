#include "agent/dns/frame.h"

#include <gtest/gtest.h>

#include "tests/unit/dns/wire.h"

namespace sluice::dns {
namespace {

constexpr Ends kEnds4{"10.0.0.1", "10.0.0.2", 53, 40000}, kEnds6{"fd00::1", "fd00::2", 53, 40000};
constexpr int kPush = 0x18;
const Bytes kHello = Wire().text("hello").bytes;

std::string text_of(std::span<const uint8_t> bytes) {
  return {bytes.begin(), bytes.end()};
}

TEST(ReadFrame, UdpAndTcpOfBothFamilies) {
  for (const Ends& ends : {kEnds4, kEnds6}) {
    const size_t ip_header = ends.source == kEnds4.source ? 20 : 40;
    const Bytes udp = udp_frame(ends, kHello), tcp = tcp_frame(ends, 0xfffffff0, kPush, kHello);
    for (const Bytes& frame : {udp, tcp}) {
      const Packet packet = read_frame(frame);
      const bool is_udp = frame == udp;
      EXPECT_EQ(packet.kind, is_udp ? Kind::kUdp : Kind::kTcp);
      EXPECT_EQ(packet.source.to_text(), ends.source);
      EXPECT_EQ(packet.destination.to_text(), ends.destination);
      EXPECT_EQ(packet.source_port, 53);
      EXPECT_EQ(packet.destination_port, 40000);
      EXPECT_EQ(text_of(packet.payload), "hello");
      EXPECT_EQ(packet.ip_offset, 14u);
      EXPECT_EQ(packet.transport_offset, 14 + ip_header);
      EXPECT_EQ(packet.payload_offset, packet.transport_offset + (is_udp ? 8 : 20));
      EXPECT_EQ(packet.end, frame.size());
      EXPECT_EQ(packet.sequence, is_udp ? 0 : 0xfffffff0);
      EXPECT_EQ(packet.flags, is_udp ? 0 : kPush);
    }
  }
}

TEST(ReadFrame, PaddingIsCut) {
  Bytes frame = udp_frame(kEnds4, kHello);
  frame.resize(60);
  EXPECT_EQ(text_of(read_frame(frame).payload), "hello");
  Bytes datagram = udp_frame(kEnds4, kHello);
  datagram[14 + 20 + 5] = 8 + 2;  // the datagram says that it ends earlier than its packet
  EXPECT_EQ(text_of(read_frame(datagram).payload), "he");
}

TEST(ReadFrame, OptionsAndExtensionsAreSkipped) {
  Bytes ipv4 = udp_frame(kEnds4, kHello);
  ipv4[14] = 0x46;
  ipv4[17] += 4;
  ipv4.insert(ipv4.begin() + 34, {1, 1, 1, 0});
  EXPECT_EQ(text_of(read_frame(ipv4).payload), "hello");
  const Bytes udp = udp_frame(kEnds6, kHello);
  const Bytes upper(udp.begin() + 54, udp.end());
  const auto extended = [&](int count) {
    Wire wire;
    for (int i = 0; i < count; ++i) wire.byte(i + 1 < count ? 60 : 17).byte(0).u16(0x0104).u32(0);
    return ip_frame(kEnds6, count == 0 ? 17 : 60, wire.raw(upper).bytes);
  };
  EXPECT_EQ(text_of(read_frame(extended(8)).payload), "hello");
  EXPECT_EQ(read_frame(extended(9)).kind, Kind::kMalformed);
  EXPECT_EQ(
      read_frame(ip_frame(kEnds6, 51, Wire().byte(17).byte(1).u16(0).u32(0).u32(0).raw(upper).bytes)).kind,
      Kind::kUdp);
  EXPECT_EQ(read_frame(ip_frame(kEnds6, 60, Wire().byte(17).byte(9).u16(0).u32(0).bytes)).kind,
            Kind::kMalformed);
}

TEST(ReadFrame, OddOnesSayWhatTheyAre) {
  const auto changed = [](Bytes frame, size_t at, int value) {
    frame[at] = static_cast<uint8_t>(value);
    return frame;
  };
  const Bytes udp = udp_frame(kEnds4, kHello), tcp = tcp_frame(kEnds4, 1, kPush, kHello);
  const struct {
    const char* what;
    Bytes frame;
    Kind kind;
  } rows[] = {
      {"nothing", {}, Kind::kMalformed},
      {"ARP", changed(udp, 13, 6), Kind::kNotIp},
      {"a VLAN tag", changed(changed(udp, 12, 0x81), 13, 0), Kind::kNotIp},
      {"a first fragment", changed(udp, 20, 0x20), Kind::kFragment},
      {"a later one", changed(udp, 21, 1), Kind::kFragment},
      {"of IPv6", ip_frame(kEnds6, 44, Wire().byte(17).byte(0).u16(1).u32(9).raw(kHello).bytes),
       Kind::kFragment},
      {"do not fragment", changed(udp, 20, 0x40), Kind::kUdp},
      {"SCTP", ip_frame(kEnds4, 132, kHello), Kind::kOther},
      {"IPv6 in an IPv4 frame", changed(udp, 14, 0x65), Kind::kMalformed},
      {"a header of 16 bytes", changed(udp, 14, 0x44), Kind::kMalformed},
      {"longer than the frame", changed(udp, 17, 200), Kind::kMalformed},
      {"shorter than its header", changed(udp, 17, 19), Kind::kMalformed},
      {"a datagram longer than its packet", changed(udp, 39, 200), Kind::kMalformed},
      {"a datagram of 7 bytes", changed(udp, 39, 7), Kind::kMalformed},
      {"a TCP header beyond the end", changed(tcp, 46, 0xf0), Kind::kMalformed},
      {"a TCP header of 16 bytes", changed(tcp, 46, 0x40), Kind::kMalformed},
  };
  for (const auto& row : rows) {
    const Packet packet = read_frame(row.frame);
    EXPECT_EQ(packet.kind, row.kind) << row.what;
    if (row.kind == Kind::kUdp) continue;
    EXPECT_TRUE(packet.payload.empty() && packet.source_port == 0) << row.what;
  }
  for (size_t size = 0; size < tcp.size(); ++size)
    EXPECT_EQ(read_frame(std::span(tcp).first(size)).kind, Kind::kMalformed) << size;
}

// The sums are of another implementation.
struct Sums {
  const char* what;
  Ends ends;
  bool is_udp;
  size_t payload;  // "hello", or as many x
  int full, partial;
};
constexpr Sums kSums[] = {
    {"UDP over IPv4", kEnds4, true, 5, 0x0b8a, 0x1421},
    {"TCP over IPv4", kEnds4, false, 5, 0xb394, 0x1422},
    {"UDP over IPv6", kEnds6, true, 5, 0x2588, 0xfa22},
    {"TCP over IPv6", kEnds6, false, 5, 0xcd92, 0xfa23},
    {"GSO over IPv4", kEnds4, false, 5000, 0x6b6b, 0x27a5},
    {"GSO over IPv6", kEnds6, false, 5000, 0x8569, 0x0da7},
};

Bytes frame_of(const Sums& sums, int checksum) {
  const Bytes payload = sums.payload == 5 ? kHello : Bytes(sums.payload, 'x');
  return sums.is_udp ? udp_frame(sums.ends, payload, checksum)
                     : tcp_frame(sums.ends, 1000, kPush, payload, checksum);
}

TEST(ReadChecksum, TellsValidPartialAndWrong) {
  for (const Sums& sums : kSums) {
    const auto read = [&](int checksum) {
      const Bytes frame = frame_of(sums, checksum);
      return read_checksum(frame, read_frame(frame));
    };
    EXPECT_EQ(read(sums.full), Checksum::kValid) << sums.what;
    EXPECT_EQ(read(sums.partial), Checksum::kPartial) << sums.what;
    EXPECT_EQ(read(0x1234), Checksum::kWrong) << sums.what;
    const bool may_be_absent = sums.is_udp && sums.ends.source == kEnds4.source;
    EXPECT_EQ(read(0), may_be_absent ? Checksum::kValid : Checksum::kWrong) << sums.what;
  }
}

// What a device does with the frame: the sum from `checksum_start` on, complemented.
int completed(const Bytes& frame, const SendHeader& header) {
  uint32_t sum = 0;
  for (size_t i = header.checksum_start; i < frame.size(); i += 2)
    sum += static_cast<uint32_t>(frame[i] << 8) | (i + 1 < frame.size() ? frame[i + 1] : 0u);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<int>(~sum & 0xffff);
}

TEST(FinishChecksum, PartialOnesAreTheInterfacesToComplete) {
  for (const Sums& sums : kSums) {
    const uint16_t gso_size = sums.payload > 1500 ? 1448 : 0;
    Bytes frame = frame_of(sums, sums.partial);
    const Bytes before = frame;
    const Packet packet = read_frame(frame);
    const auto header = finish_checksum(frame, packet, gso_size);
    ASSERT_TRUE(header) << sums.what;
    EXPECT_EQ(header->flags, kNeedsChecksum) << sums.what;
    EXPECT_EQ(header->checksum_start, packet.transport_offset) << sums.what;
    EXPECT_EQ(header->checksum_offset, sums.is_udp ? 6 : 16) << sums.what;
    EXPECT_EQ(header->gso_size, gso_size) << sums.what;
    EXPECT_EQ(header->header_bytes, gso_size == 0 ? 0u : packet.payload_offset) << sums.what;
    const uint8_t gso_type = gso_size == 0 ? 0 : sums.ends.source == kEnds4.source ? kGsoTcp4 : kGsoTcp6;
    EXPECT_EQ(header->gso_type, gso_type) << sums.what;
    EXPECT_EQ(frame, before) << sums.what;
    EXPECT_EQ(completed(frame, *header), sums.full) << sums.what;
  }
}

TEST(FinishChecksum, ValidOnesAreSentAsTheyAreButInOneLongFrame) {
  for (const Sums& sums : kSums) {
    Bytes frame = frame_of(sums, sums.full);
    const Bytes before = frame;
    const auto header = finish_checksum(frame, read_frame(frame), sums.payload > 1500 ? 1448 : 0);
    ASSERT_TRUE(header) << sums.what;
    if (sums.payload > 1500) {
      EXPECT_EQ(frame, frame_of(sums, sums.partial)) << sums.what;
      EXPECT_EQ(header->flags, kNeedsChecksum) << sums.what;
    } else {
      EXPECT_EQ(frame, before) << sums.what;
      EXPECT_EQ(*header, SendHeader()) << sums.what;
    }
  }
}

TEST(FinishChecksum, WrongOnesStayWrong) {
  Bytes frame = udp_frame(kEnds4, kHello, 0x1234);
  const Bytes before = frame;
  EXPECT_EQ(finish_checksum(frame, read_frame(frame), 0), SendHeader());
  EXPECT_EQ(frame, before);
  EXPECT_FALSE(finish_checksum(frame, read_frame(frame), 1448)) << "a datagram in pieces";
  Bytes segment = tcp_frame(kEnds4, 1, kPush, Bytes(5000, 'x'), 0x1234);
  EXPECT_FALSE(finish_checksum(segment, read_frame(segment), 1448));
  Bytes other = ip_frame(kEnds4, 132, kHello);
  EXPECT_FALSE(finish_checksum(other, read_frame(other), 0));
}

TEST(FinishChecksum, CongestionStaysVisible) {
  Bytes frame = tcp_frame(kEnds4, 1, kPush | 0x80, Bytes(5000, 'x'));
  constexpr int kPartial = 0x0a00 + 1 + 0x0a00 + 2 + 6 + 20 + 5000;
  frame[14 + 20 + 16] = kPartial >> 8;
  frame[14 + 20 + 17] = kPartial & 0xff;
  const auto header = finish_checksum(frame, read_frame(frame), 1448);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->gso_type, kGsoTcp4 | kGsoEcn);
}

}  // namespace
}  // namespace sluice::dns
