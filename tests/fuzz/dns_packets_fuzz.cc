// Frames one after the other (a byte of flags, two of length, then as many bytes) through the exchanges, and the same
// bytes as a stream of TCP in pieces of any size, with pieces sent again: its messages are those of the whole.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/dns/exchanges.h"
#include "tests/fuzz/law.h"

namespace {

using namespace sluice;
using fuzz::require;
using Bytes = std::span<const uint8_t>;
using Messages = std::vector<std::vector<uint8_t>>;

void check_frame(Bytes frame, uint16_t gso_size) {
  const dns::Packet packet = dns::read_frame(frame);
  const bool is_read = packet.kind == dns::Kind::kUdp || packet.kind == dns::Kind::kTcp;
  require(is_read || (packet.payload.empty() && packet.source_port == 0));
  if (!is_read) return;
  require(packet.ip_offset < packet.transport_offset && packet.transport_offset < packet.payload_offset);
  require(packet.payload_offset + packet.payload.size() == packet.end && packet.end <= frame.size());
  std::vector<uint8_t> copy(frame.begin(), frame.end());
  const auto header = dns::finish_checksum(copy, packet, gso_size);
  require(copy.size() == frame.size());
  if (!header || header->flags == 0) return;
  require(header->checksum_start + header->checksum_offset + 2u <= packet.payload_offset);
  require(dns::read_checksum(copy, packet) != dns::Checksum::kWrong);
}

void check_exchanges(Bytes bytes) {
  dns::Exchanges exchanges;
  uint64_t now = 1;
  while (bytes.size() >= 3) {
    const uint8_t flags = bytes[0];
    const size_t length = std::min<size_t>(bytes[1] << 8 | bytes[2], bytes.size() - 3);
    const Bytes frame = bytes.subspan(3, length);
    bytes = bytes.subspan(3 + length);
    check_frame(frame, (flags & 0x10) != 0 ? 1448 : 0);
    now += uint64_t{flags & 0x0eu} << 28;
    const auto direction = (flags & 1) != 0 ? dns::Direction::kToPod : dns::Direction::kFromPod;
    for (const dns::Answer& answer : exchanges.accept(dns::read_frame(frame), flags >> 5, direction, now))
      require(direction == dns::Direction::kToPod && !answer.question.wire.empty());
  }
  require(exchanges.count(dns::Event::kAnswered) <= exchanges.count(dns::Event::kAsked));
  require(exchanges.size() <= exchanges.count(dns::Event::kAsked));
  require(exchanges.streams().bytes() <= dns::Streams::kMostBytes);
  exchanges.expire(now + dns::Exchanges::kLife);
  require(exchanges.size() == 0);
}

Messages messages_of(Bytes bytes) {
  Messages messages;
  while (bytes.size() >= 2) {
    const size_t length = static_cast<size_t>(bytes[0] << 8 | bytes[1]);
    if (bytes.size() - 2 < length) break;
    const Bytes message = bytes.subspan(2, length);
    if (length > 0) messages.emplace_back(message.begin(), message.end());
    bytes = bytes.subspan(2 + length);
  }
  return messages;
}

void check_stream(Bytes bytes) {
  constexpr uint32_t kFirst = 0xffffff00;
  const dns::StreamKey key{};
  dns::Streams streams;
  Messages messages;
  const auto send = [&](uint32_t sequence, uint8_t flags, Bytes payload, dns::Direction direction) {
    dns::Packet segment;
    segment.sequence = sequence;
    segment.flags = flags;
    segment.payload = payload;
    streams.accept(key, direction, segment,
                   [&](Bytes message) { messages.emplace_back(message.begin(), message.end()); });
  };
  send(9, dns::kSyn, {}, dns::Direction::kFromPod);
  send(kFirst - 1, dns::kSyn | dns::kAck, {}, dns::Direction::kToPod);
  for (size_t sent = 0, turn = 0; sent < bytes.size(); ++turn) {
    const size_t size = std::min<size_t>(1 + bytes[turn % bytes.size()] % 97, bytes.size() - sent);
    const size_t again = std::min<size_t>(bytes[turn * 7 % bytes.size()] % 13, sent);
    send(kFirst + static_cast<uint32_t>(sent - again), dns::kAck, bytes.subspan(sent - again, again + size),
         dns::Direction::kToPod);
    sent += size;
  }
  require(messages == messages_of(bytes));
  require(streams.counts().gaps == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check_exchanges({data, size});
  check_stream({data, size});
  return 0;
}
