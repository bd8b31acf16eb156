#include "agent/net/port.h"

#include <gtest/gtest.h>

#include <cstring>

namespace sluice::net {
namespace {

Port port(uint16_t number) {
  return Port::from_host(number);
}

TEST(Port, NetworkOrderIsBigEndianInMemory) {
  const uint16_t wire = port(443).network();
  uint8_t bytes[2];
  std::memcpy(bytes, &wire, sizeof bytes);
  EXPECT_EQ(bytes[0], 0x01);
  EXPECT_EQ(bytes[1], 0xbb);
}

TEST(Port, HostAndNetworkAreTwoWaysToTheSamePort) {
  constexpr uint16_t kNumbers[] = {0, 1, 80, 255, 256, 443, 8080, 65535};
  for (const uint16_t number : kNumbers) {
    EXPECT_EQ(port(number).host(), number);
    EXPECT_EQ(Port::from_network(port(number).network()), port(number)) << number;
  }
  EXPECT_EQ(Port(), port(0));
}

TEST(Port, ANumberFromAnObjectIsOneTo65535) {
  for (const int64_t good : {1, 80, 65535}) EXPECT_EQ(Port::from_number(good)->host(), good);
  for (const int64_t bad : {INT64_MIN, int64_t{-80}, int64_t{0}, int64_t{65536}, int64_t{65616}, INT64_MAX})
    EXPECT_EQ(Port::from_number(bad).error().message(),
              "port " + std::to_string(bad) + " is not between 1 and 65535");
}

TEST(Port, OrderIsThatOfNumbersNotOfWireBytes) {
  EXPECT_LT(port(2), port(256));
  EXPECT_LT(port(80), port(8080));
}

TEST(PortRange, BothEndsAreIn) {
  const PortRange range{port(8000), port(8080)};
  const std::pair<uint16_t, bool> rows[] = {
      {7999, false}, {8000, true}, {8040, true}, {8080, true}, {8081, false}};
  for (const auto& [number, inside] : rows) EXPECT_EQ(range.contains(port(number)), inside) << number;
}

TEST(PortRange, OneAndAll) {
  EXPECT_EQ(PortRange::one(port(53)), (PortRange{port(53), port(53)}));
  EXPECT_TRUE(PortRange::one(port(53)).contains(port(53)));
  EXPECT_FALSE(PortRange::one(port(53)).contains(port(54)));
  constexpr uint16_t kNumbers[] = {0, 1, 65535};
  for (const uint16_t number : kNumbers) EXPECT_TRUE(PortRange::all().contains(port(number))) << number;
}

TEST(PortRange, OrderIsByFirstThenLast) {
  EXPECT_LT((PortRange{port(1), port(9)}), (PortRange{port(2), port(3)}));
  EXPECT_LT((PortRange{port(1), port(2)}), (PortRange{port(1), port(9)}));
}

TEST(Protocol, NamesAsTheApiSpellsThem) {
  EXPECT_EQ(Protocol::parse("TCP").value(), kTcp);
  EXPECT_EQ(Protocol::parse("UDP").value(), kUdp);
  EXPECT_EQ(Protocol::parse("SCTP").value(), kSctp);
  for (const char* wrong : {"", "tcp", "Tcp", "TCP ", "ICMP", "6", "TCPUDP"})
    EXPECT_EQ(Protocol::parse(wrong).error().message(),
              "\"" + std::string(wrong) + "\" is not a protocol: use TCP, UDP or SCTP");
  EXPECT_EQ(Protocol::parse("T\nCP").error().message(),
            "\"T\\x0aCP\" is not a protocol: use TCP, UDP or SCTP");
  EXPECT_LT(Protocol::parse(std::string(1000, 'T')).error().message().size(), 150u);
}

TEST(Protocol, NumbersAreThoseOfIana) {
  const std::pair<Protocol, int> rows[] = {{kIcmp, 1}, {kTcp, 6}, {kUdp, 17}, {kIcmpv6, 58}, {kSctp, 132}};
  for (const auto& [protocol, number] : rows) EXPECT_EQ(protocol.number(), number);
}

TEST(Protocol, OnlyThreeHavePorts) {
  for (int number = 0; number <= 255; ++number)
    EXPECT_EQ(Protocol(static_cast<uint8_t>(number)).has_ports(),
              number == 6 || number == 17 || number == 132)
        << number;
  for (const Protocol protocol : kPortProtocols) EXPECT_TRUE(protocol.has_ports());
  EXPECT_EQ(std::size(kPortProtocols), 3u);
}

TEST(Protocol, TextIsTheNameOrElseTheNumber) {
  const std::pair<int, const char*> rows[] = {{0, "0"},   {1, "ICMP"},    {6, "TCP"},    {17, "UDP"},
                                              {47, "47"}, {58, "ICMPv6"}, {132, "SCTP"}, {255, "255"}};
  for (const auto& [number, text] : rows) EXPECT_EQ(Protocol(static_cast<uint8_t>(number)).to_text(), text);
}

}  // namespace
}  // namespace sluice::net
