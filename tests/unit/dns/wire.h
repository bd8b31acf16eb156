// Messages, frames and segments as tests write them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/dns/frame.h"
#include "agent/dns/message.h"

namespace sluice::dns {

using Bytes = std::vector<uint8_t>;

class Wire {
 public:
  Wire& byte(int value) {
    bytes.push_back(static_cast<uint8_t>(value));
    return *this;
  }
  Wire& u16(int value) { return byte(value >> 8).byte(value); }
  Wire& u32(uint32_t value) {
    return u16(static_cast<int>(value >> 16)).u16(static_cast<int>(value & 0xffff));
  }
  Wire& raw(std::span<const uint8_t> more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
    return *this;
  }
  Wire& text(std::string_view more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
    return *this;
  }
  Wire& label(std::string_view text_of) { return byte(static_cast<int>(text_of.size())).text(text_of); }
  // "www.example.com", "" for the root; not compressed.
  Wire& name(std::string_view dotted) {
    while (!dotted.empty()) {
      const size_t end = std::min(dotted.find('.'), dotted.size());
      label(dotted.substr(0, end));
      dotted.remove_prefix(std::min(end + 1, dotted.size()));
    }
    return byte(0);
  }
  Wire& pointer(size_t target) { return u16(static_cast<int>(0xc000 | target)); }
  // What stands before a record's data.
  Wire& rest(int type, uint32_t ttl, size_t length, int rclass = 1) {
    return u16(type).u16(rclass).u32(ttl).u16(static_cast<int>(length));
  }
  Wire& record(std::string_view owner, int type, uint32_t ttl, std::span<const uint8_t> data) {
    return name(owner).rest(type, ttl, data.size()).raw(data);
  }
  Wire& address(std::string_view owner, uint32_t ttl, std::string_view ip) {
    const net::Ip parsed = *net::Ip::parse(ip);
    return record(owner, parsed.family() == net::Family::kIpv4 ? 1 : 28, ttl, parsed.bytes());
  }
  Wire& alias(std::string_view owner, uint32_t ttl, std::string_view target) {
    return record(owner, 5, ttl, Wire().name(target).bytes);
  }

  Bytes bytes;
};

inline constexpr int kReply = 0x8180;  // QR, RD, RA

inline Wire head(int id, int flags, int questions, int answers, int authorities = 0, int additional = 0) {
  return Wire().u16(id).u16(flags).u16(questions).u16(answers).u16(authorities).u16(additional);
}
inline Bytes query(int id, std::string_view name, int type = 1) {
  return head(id, 0x0100, 1, 0).name(name).u16(type).u16(1).bytes;
}
// An answer's begin: header and question.
inline Wire reply(int id, std::string_view name, int answers, int type = 1, int flags = kReply) {
  return head(id, flags, 1, answers).name(name).u16(type).u16(1);
}

struct Ends {
  std::string_view source, destination;
  int source_port = 0, destination_port = 0;
};

inline Bytes ip_frame(const Ends& ends, int protocol, const Bytes& upper) {
  const net::Ip from = *net::Ip::parse(ends.source), to = *net::Ip::parse(ends.destination);
  Wire wire;
  wire.text(std::string(12, '\2'));
  const auto size = static_cast<int>(upper.size());
  if (from.family() == net::Family::kIpv4)
    wire.u16(0x0800).u16(0x4500).u16(20 + size).u16(7).u16(0).byte(64).byte(protocol).u16(0);
  else
    wire.u16(0x86dd).u32(0x60000000).u16(size).byte(protocol).byte(64);
  return wire.raw(from.bytes()).raw(to.bytes()).raw(upper).bytes;
}
inline Bytes udp_frame(const Ends& ends, const Bytes& payload, int checksum = 0) {
  const auto size = static_cast<int>(payload.size());
  return ip_frame(
      ends, 17,
      Wire().u16(ends.source_port).u16(ends.destination_port).u16(8 + size).u16(checksum).raw(payload).bytes);
}
inline Bytes tcp_frame(const Ends& ends, uint32_t sequence, int flags, const Bytes& payload,
                       int checksum = 0) {
  Wire wire;
  wire.u16(ends.source_port).u16(ends.destination_port).u32(sequence).u32(1).byte(0x50).byte(flags);
  return ip_frame(ends, 6, wire.u16(1024).u16(checksum).u16(0).raw(payload).bytes);
}

}  // namespace sluice::dns
