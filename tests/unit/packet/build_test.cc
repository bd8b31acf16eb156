// Frames: lengths, checksums and fields as the RFCs have them.
#include "agent/packet/build.h"

#include <gtest/gtest.h>

#include "tests/kernel/world.h"

namespace sluice::packet {
namespace {

using testing::ip;
using testing::port;

constexpr size_t kIp = 14;
const net::Ip kFrom4 = ip("10.0.0.1"), kTo4 = ip("10.0.1.1"), kFrom6 = ip("fd00::1"), kTo6 = ip("fd00:1::1");

unsigned get16(const Bytes& bytes, size_t at) {
  return static_cast<unsigned>(bytes.at(at) << 8 | bytes.at(at + 1));
}
// One's complement sum of a header with its checksum in place: 0xffff where that is right (RFC 1071).
unsigned sum(const Bytes& bytes, size_t at, size_t size) {
  unsigned total = 0;
  for (size_t i = 0; i < size; i += 2) total += get16(bytes, at + i);
  while (total >> 16) total = (total & 0xffff) + (total >> 16);
  return total;
}

TEST(Build, Ipv4HeadersOfEveryLength) {
  for (uint8_t words = 0; words <= 10; ++words) {
    Spec spec = opening(kFrom4, kTo4, net::kTcp, port(80));
    spec.ipv4_option_words = words;
    spec.payload = {1, 2, 3};
    const Bytes frame = build(spec);
    const size_t header = 20 + words * 4u;
    EXPECT_EQ(frame.size(), kIp + header + 20 + 3);
    EXPECT_EQ(get16(frame, 12), 0x0800U);
    EXPECT_EQ(frame[kIp], 0x40 | (5 + words));
    EXPECT_EQ(get16(frame, kIp + 2), frame.size() - kIp);
    EXPECT_EQ(sum(frame, kIp, header), 0xffffU) << +words;
    EXPECT_EQ(get16(frame, kIp + header + 2), 80U);
    EXPECT_EQ(frame[kIp + header + 13], 0x02) << "SYN";
  }
}

TEST(Build, Ipv6ChainsNameEachOther) {
  Spec spec = opening(kFrom6, kTo6, net::kUdp, port(53));
  spec.extension_headers = {0, 60, 43};
  spec.payload.resize(5);
  const Bytes frame = build(spec);
  EXPECT_EQ(get16(frame, 12), 0x86ddU);
  EXPECT_EQ(get16(frame, kIp + 4), frame.size() - kIp - 40);
  EXPECT_EQ(frame[kIp + 6], 0);
  EXPECT_EQ(frame[kIp + 40], 60);
  EXPECT_EQ(frame[kIp + 48], 43);
  EXPECT_EQ(frame[kIp + 56], 17);
  EXPECT_EQ(get16(frame, kIp + 64 + 2), 53U);
  EXPECT_EQ(get16(frame, kIp + 64 + 4), 8U + 5) << "UDP length";
}

TEST(Build, FragmentsSayWhereTheyStand) {
  Spec four = opening(kFrom4, kTo4, net::kUdp, port(53));
  four.fragment = Fragment{0x1234, 3, true};
  four.payload.resize(16);
  const Bytes later = build(four);
  EXPECT_EQ(later.size(), kIp + 20 + 16) << "no header of the upper layer";
  EXPECT_EQ(get16(later, kIp + 4), 0x1234U);
  EXPECT_EQ(get16(later, kIp + 6), 0x2000U | 3);

  Spec six = opening(kFrom6, kTo6, net::kUdp, port(53));
  six.fragment = Fragment{0x12345678, 0, false};
  const Bytes atomic = build(six);
  EXPECT_EQ(atomic[kIp + 6], 44);
  EXPECT_EQ(atomic[kIp + 40], 17);
  EXPECT_EQ(get16(atomic, kIp + 42), 0U);
  EXPECT_EQ(get16(atomic, kIp + 44), 0x1234U);
  EXPECT_EQ(get16(atomic, kIp + 46), 0x5678U);
}

TEST(Build, ErrorsQuoteThePacket) {
  for (const auto& [from, to, type] : {std::tuple{kFrom4, kTo4, 3}, {kFrom6, kTo6, 2}}) {
    const Spec quoted = opening(from, to, net::kTcp, port(80));
    const Bytes frame = build(icmp_error(to, from, quoted)), inner = build_ip(quoted);
    const size_t upper = kIp + (from.family() == net::Family::kIpv4 ? 20 : 40);
    EXPECT_EQ(frame[upper], type);
    EXPECT_TRUE(std::equal(inner.begin(), inner.end(), frame.begin() + static_cast<ptrdiff_t>(upper) + 8,
                           frame.end()));
  }
}

TEST(Build, OpeningsOfEveryProtocolAreLongEnough) {
  const std::pair<net::Protocol, size_t> rows[] = {
      {net::kTcp, 20}, {net::kUdp, 8}, {net::kSctp, 12}, {net::kIcmp, 8}, {net::Protocol(47), 0}};
  for (const auto& [protocol, bytes] : rows)
    EXPECT_EQ(build(opening(kFrom4, kTo4, protocol, port(1))).size(), kIp + 20 + bytes) << protocol.to_text();
  EXPECT_EQ(get16(arp_request(), 12), 0x0806U);
  EXPECT_EQ(arp_request().size(), kIp + 28);
}

}  // namespace
}  // namespace sluice::packet
