// Captures: libpcap reads the file; here is what opened a connection.
#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <memory>
#include <span>

#include "agent/base/excerpt.h"
#include "agent/replay/flows.h"

namespace sluice::replay {

using base::Error;
using base::Result;

namespace {

// Bytes that may be cut off anywhere; what is beyond the end reads as nothing.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  bool has(size_t size) const { return bytes_.size() >= size; }
  uint8_t at(size_t i) const { return i < bytes_.size() ? static_cast<uint8_t>(bytes_[i]) : 0; }
  uint16_t number(size_t i) const { return static_cast<uint16_t>(at(i) << 8 | at(i + 1)); }
  Bytes from(size_t offset) const { return Bytes(bytes_.substr(std::min(offset, bytes_.size()))); }
  net::Ip ip(size_t offset, size_t size) const {
    std::array<uint8_t, 16> copy{};
    for (size_t i = 0; i < size; ++i) copy[i] = at(offset + i);
    return *net::Ip::from_bytes(std::span(copy.data(), size));
  }

 private:
  std::string_view bytes_;
};

struct Packet {
  net::Ip from, to;
  net::Protocol protocol;
  Bytes payload{{}};
};

constexpr int kMostExtensions = 8;  // as the packet path has it (include/sluice/limits.h)

// RFC 791; a later fragment has no ports, and is none.
std::optional<Packet> ipv4_of(const Bytes& bytes) {
  const size_t header = size_t{4} * (bytes.at(0) & 0x0f);
  if (header < 20 || !bytes.has(header) || (bytes.number(6) & 0x1fff) != 0) return std::nullopt;
  return Packet{bytes.ip(12, 4), bytes.ip(16, 4), net::Protocol(bytes.at(9)), bytes.from(header)};
}

// RFC 8200.
std::optional<Packet> ipv6_of(const Bytes& bytes) {
  if (!bytes.has(40)) return std::nullopt;
  uint8_t next = bytes.at(6);
  Bytes rest = bytes.from(40);
  for (int i = 0; i < kMostExtensions && net::Protocol(next).is_ipv6_extension(); ++i) {
    constexpr uint8_t kFragment = 44, kAuthentication = 51;
    if (!rest.has(8) || (next == kFragment && (rest.number(2) & 0xfff8) != 0)) return std::nullopt;
    const size_t size = next == kFragment         ? 8
                        : next == kAuthentication ? size_t{4} * (rest.at(1) + size_t{2})
                                                  : size_t{8} * (rest.at(1) + size_t{1});
    next = rest.at(0);
    rest = rest.from(size);
  }
  return Packet{bytes.ip(8, 16), bytes.ip(24, 16), net::Protocol(next), rest};
}

// An echo request opens; errors, neighbour discovery and MLD belong to others (semantics 20, 28).
bool opens_by_icmp(const Packet& packet) {
  const uint8_t type = packet.payload.at(0);
  return packet.protocol == net::kIcmp ? type == 8 : type == 128;
}

constexpr uint16_t kFirstEphemeral = 32768;  // net.ipv4.ip_local_port_range of Linux

// Seen first in the middle of a connection: an answer comes from a port that is served.
bool looks_like_an_answer(uint16_t from_port, uint16_t to_port) {
  return from_port < kFirstEphemeral && to_port >= kFirstEphemeral;
}

std::string time_text(const timeval& when) {
  tm parts{};
  char text[40] = "", whole[48] = "";
  if (gmtime_r(&when.tv_sec, &parts) == nullptr) return {};
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(whole, sizeof whole, "%s.%03dZ", text, static_cast<int>(when.tv_usec / 1000) % 1000);
  return whole;
}

// Bytes before the IP header; none: not IP.
std::optional<size_t> link_header(int link_type, const Bytes& bytes) {
  const auto ip_at = [&](size_t type_at, size_t size) -> std::optional<size_t> {
    uint16_t type = bytes.number(type_at);
    for (int tags = 0; tags < 2 && (type == 0x8100 || type == 0x88a8); ++tags, size += 4)
      type = bytes.number(size + 2);
    return type == 0x0800 || type == 0x86dd ? std::optional(size) : std::nullopt;
  };
  switch (link_type) {
    case DLT_EN10MB:
      return ip_at(12, 14);
    case DLT_LINUX_SLL:
      return ip_at(14, 16);
    case DLT_LINUX_SLL2:
      return ip_at(0, 20);
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
      return 0;
    case DLT_NULL:
    case DLT_LOOP:
      return 4;
    default:
      return std::nullopt;
  }
}

bool is_known_link(int link_type) {
  for (const int known :
       {DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW, DLT_IPV4, DLT_IPV6, DLT_NULL, DLT_LOOP})
    if (link_type == known) return true;
  return false;
}

}  // namespace

void Connections::add(std::string_view data, const std::string& time) {
  const Bytes bytes(data);
  const int version = bytes.at(0) >> 4;
  const auto packet = version == 4 ? ipv4_of(bytes) : version == 6 ? ipv6_of(bytes) : std::nullopt;
  if (!packet) return;
  const bool ports = packet->protocol.has_ports();
  if (ports && !packet->payload.has(4)) return;
  const bool icmp = packet->protocol == net::kIcmp || packet->protocol == net::kIcmpv6;
  if (icmp && !opens_by_icmp(*packet)) return;
  Key key{packet->from, packet->to, packet->protocol.number(), 0, 0};
  if (ports) {
    key.from_port = packet->payload.number(0);
    key.to_port = packet->payload.number(2);
  }
  if (known_.contains(key) || known_.contains(key.reversed())) return;
  constexpr uint8_t kSyn = 0x02, kAck = 0x10;
  const uint8_t flags = packet->protocol == net::kTcp ? packet->payload.at(13) & (kSyn | kAck) : 0;
  const bool answer =
      flags == (kSyn | kAck) || (flags != kSyn && ports && looks_like_an_answer(key.from_port, key.to_port));
  if (answer) key = key.reversed();
  if (flows_.all.size() == kMostFlows) {
    if (flows_.wrong++ == 0)
      flows_.problems.push_back("more than " + std::to_string(kMostFlows) +
                                " connections: the others are left out");
    return;
  }
  known_.emplace(key, flows_.all.size());
  Flow flow;
  flow.time = time;
  flow.protocol = packet->protocol == net::kIcmpv6 ? net::kIcmp : packet->protocol;
  flow.source.ip = key.from;
  flow.destination.ip = key.to;
  if (ports) {
    flow.source.port = net::Port::from_host(key.from_port);
    flow.destination.port = net::Port::from_host(key.to_port);
  }
  flows_.all.push_back(std::move(flow));
}

Flows Connections::take() {
  known_.clear();
  return std::move(flows_);
}

bool is_capture(std::string_view bytes) {
  static constexpr std::string_view kMagics[] = {"\xa1\xb2\xc3\xd4", "\xd4\xc3\xb2\xa1", "\xa1\xb2\x3c\x4d",
                                                 "\x4d\x3c\xb2\xa1", "\x0a\x0d\x0d\x0a"};
  return std::ranges::any_of(kMagics, [&](std::string_view magic) { return bytes.starts_with(magic); });
}

Result<Flows> read_capture(const std::string& path) {
  char why[PCAP_ERRBUF_SIZE] = "";
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> capture(pcap_open_offline(path.c_str(), why), pcap_close);
  if (!capture) return Error(path + ": cannot be read as a capture: " + base::one_line(why));
  const int link = pcap_datalink(capture.get());
  if (!is_known_link(link))
    return Error(path + ": its link type " + std::to_string(link) +
                 " is not known here: capture on an Ethernet interface, or on `any`");
  Connections connections;
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  size_t packets = 0;
  int status = 0;
  while ((status = pcap_next_ex(capture.get(), &header, &data)) == 1) {
    ++packets;
    const std::string_view bytes(reinterpret_cast<const char*>(data), header->caplen);
    if (const auto before = link_header(link, Bytes(bytes)); before && *before <= bytes.size())
      connections.add(bytes.substr(*before), time_text(header->ts));
  }
  Flows flows = connections.take();
  if (status == PCAP_ERROR)
    flows.problems.push_back(path + ": ends in the middle after " + std::to_string(packets) +
                             " packets, which count: " + base::one_line(pcap_geterr(capture.get())));
  return flows;
}

}  // namespace sluice::replay
