#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "agent/replay/flows.h"

namespace sluice::replay {
namespace {

// An IPv4 packet: protocol, ends, and what follows the header.
std::string ipv4(uint8_t protocol, uint8_t from, uint8_t to, const std::string& payload,
                 uint16_t fragment = 0) {
  std::string packet(20, '\0');
  packet[0] = 0x45;
  packet[6] = static_cast<char>(fragment >> 8);
  packet[7] = static_cast<char>(fragment);
  packet[9] = static_cast<char>(protocol);
  packet[12] = packet[16] = 10;
  packet[15] = static_cast<char>(from);
  packet[19] = static_cast<char>(to);
  return packet + payload;
}

std::string ports(uint16_t from, uint16_t to, uint8_t flags = 0) {
  std::string header(20, '\0');
  header[0] = static_cast<char>(from >> 8);
  header[1] = static_cast<char>(from);
  header[2] = static_cast<char>(to >> 8);
  header[3] = static_cast<char>(to);
  header[13] = static_cast<char>(flags);
  return header;
}

std::string text_of(const Flows& flows) {
  std::string text;
  for (const Flow& flow : flows.all)
    text += flow.source.ip->to_text() + ">" + flow.destination.ip->to_text() + " " + flow.protocol.to_text() +
            (flow.destination.port ? " " + std::to_string(flow.destination.port->host()) : "") + "\n";
  return text;
}

std::string opened(std::initializer_list<std::string> packets) {
  Connections connections;
  for (const std::string& packet : packets) connections.add(packet, "");
  return text_of(connections.take());
}

constexpr uint8_t kSyn = 2, kAck = 16;

TEST(Capture, WhatOpensAConnection) {
  EXPECT_EQ(opened({ipv4(6, 1, 2, ports(40000, 80, kSyn)), ipv4(6, 2, 1, ports(80, 40000, kSyn | kAck)),
                    ipv4(6, 1, 2, ports(40000, 80, kAck)), ipv4(6, 1, 2, ports(40000, 80, kSyn))}),
            "10.0.0.1>10.0.0.2 TCP 80\n");
  EXPECT_EQ(opened({ipv4(6, 2, 1, ports(80, 40000, kSyn | kAck))}), "10.0.0.1>10.0.0.2 TCP 80\n")
      << "an answer seen first";
  EXPECT_EQ(opened({ipv4(6, 2, 1, ports(80, 40000, kAck))}), "10.0.0.1>10.0.0.2 TCP 80\n")
      << "from a port that is served";
  EXPECT_EQ(opened({ipv4(6, 1, 2, ports(80, 40000, kSyn))}), "10.0.0.1>10.0.0.2 TCP 40000\n")
      << "a SYN is a SYN";
  EXPECT_EQ(opened({ipv4(17, 1, 2, ports(40000, 53)), ipv4(17, 2, 1, ports(53, 40000))}),
            "10.0.0.1>10.0.0.2 UDP 53\n");
  EXPECT_EQ(opened({ipv4(1, 1, 2, std::string("\x08\0\0\0", 4)), ipv4(1, 2, 1, std::string(4, '\0')),
                    ipv4(1, 2, 1, "\x03")}),
            "10.0.0.1>10.0.0.2 ICMP\n");
  EXPECT_EQ(opened({ipv4(47, 1, 2, ""), ipv4(47, 2, 1, "")}), "10.0.0.1>10.0.0.2 47\n");
  EXPECT_EQ(opened({ipv4(17, 1, 2, ports(40000, 53), 5)}), "") << "a later fragment";
  EXPECT_EQ(opened({ipv4(6, 1, 2, "ab"), std::string("\x45"), std::string(), std::string(3, '\x60')}), "")
      << "cut off";
}

TEST(Capture, Ipv6WithExtensionHeaders) {
  std::string packet(40, '\0');
  packet[0] = 0x60;
  packet[6] = 0;  // hop by hop
  packet[23] = 1;
  packet[39] = 2;
  std::string options(8, '\0');
  options[0] = 6;
  EXPECT_EQ(opened({packet + options + ports(40000, 443, kSyn)}), "::1>::2 TCP 443\n");
}

TEST(Capture, NoBytesBreakIt) {
  std::mt19937_64 random(1);
  Connections connections;
  for (int i = 0; i < 200'000; ++i) {
    std::string bytes(random() % 80, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    if (!bytes.empty()) bytes[0] = static_cast<char>(random() % 2 ? 0x45 : 0x60);
    connections.add(bytes, "");
  }
  EXPECT_FALSE(connections.take().all.empty());
}

std::string little(uint32_t value) {
  return {static_cast<char>(value), static_cast<char>(value >> 8), static_cast<char>(value >> 16),
          static_cast<char>(value >> 24)};
}

TEST(Capture, Files) {
  const auto path =
      std::filesystem::temp_directory_path() / ("sluice-capture-" + std::to_string(getpid()) + ".pcap");
  const std::string header =
      little(0xa1b2c3d4) + std::string("\x02\0\x04\0", 4) + little(0) + little(0) + little(65535) + little(1);
  const std::string frame =
      std::string(12, '\0') + std::string("\x08\0", 2) + ipv4(6, 1, 2, ports(40000, 80, kSyn));
  const auto record = [](const std::string& bytes) {
    return little(1'764'403'200) + little(123'000) + little(static_cast<uint32_t>(bytes.size())) +
           little(static_cast<uint32_t>(bytes.size())) + bytes;
  };
  const auto read = [&](const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    return read_capture(path);
  };
  const auto whole = read(header + record(frame));
  ASSERT_TRUE(whole.ok()) << whole.error().message();
  EXPECT_EQ(text_of(*whole), "10.0.0.1>10.0.0.2 TCP 80\n");
  EXPECT_EQ(whole->all[0].time, "2025-11-29T08:00:00.123Z");
  EXPECT_TRUE(whole->problems.empty());
  const auto cut = read(header + record(frame) + record(frame).substr(0, 30));
  EXPECT_EQ(text_of(*cut), "10.0.0.1>10.0.0.2 TCP 80\n");
  ASSERT_EQ(cut->problems.size(), 1u);
  EXPECT_NE(cut->problems[0].find("ends in the middle after 1 packets"), std::string::npos);
  EXPECT_FALSE(read("no capture at all").ok());
  EXPECT_TRUE(is_capture(header));
  EXPECT_FALSE(is_capture("{\"a\""));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace sluice::replay
