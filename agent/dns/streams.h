// Streams: DNS over TCP (RFC 7766): the messages in the segments of each direction of a connection.
//
// Laws:
//  1. A SYN says where a direction begins; one without is not followed.
//  2. What was seen is skipped; a gap, or a reset, ends a direction until the next SYN: it teaches nothing more.
//  3. Of a direction at most the message under way is kept: of a query as many bytes as a question takes, of an answer
//     64 KiB; of all of them kMostBytes. kMost streams are followed: where there is no room the interface that has the
//     most gives its oldest, and it is counted.
//
// Pure; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "agent/dns/ages.h"
#include "agent/dns/frame.h"

namespace sluice::dns {

enum class Direction { kFromPod, kToPod };

struct StreamKey {
  uint32_t interface = 0;
  net::Ip local, server;
  uint16_t local_port = 0, server_port = 0;
  auto operator<=>(const StreamKey&) const = default;
};

struct StreamCounts {
  uint64_t opened = 0;
  uint64_t gaps = 0;      // directions that were given up
  uint64_t given_up = 0;  // streams that gave way to others
  uint64_t unopened = 0;  // segments with data of a direction that is not followed
};

class Streams {
 public:
  static constexpr size_t kMost = 1024;
  static constexpr size_t kMostBytes = size_t{16} * 1024 * 1024;
  static constexpr size_t kQueryBytes = 512;

  using OnMessage = std::function<void(std::span<const uint8_t> message)>;
  // Calls `message` for each one that this segment completes, in order. A query longer than kQueryBytes is cut.
  void accept(const StreamKey& key, Direction direction, const Packet& segment, const OnMessage& message);

  size_t size() const { return streams_.size(); }
  size_t bytes() const { return bytes_; }
  const StreamCounts& counts() const { return counts_; }

 private:
  struct Half {
    bool follows = false;
    uint32_t first = 0, next = 0;  // sequence numbers: of the first byte, of the next one
    size_t length_bytes = 0;       // of the two that say how long the message is
    size_t length = 0, taken = 0;  // of the message
    std::vector<uint8_t> kept;
  };
  struct Stream {
    Half halves[2];
    uint64_t age = 0;
  };
  using Table = std::map<StreamKey, Stream>;

  Table::iterator open(const StreamKey& key);
  static void begin(Half& half, uint32_t first);
  void take_segment(Half& half, const Packet& segment, size_t most, const OnMessage& message);
  void take_bytes(Half& half, std::span<const uint8_t> bytes, size_t most, const OnMessage& message);
  void drop_kept(Half& half);
  void stop(Half& half);
  void forget(Table::iterator stream);
  void give_way(uint64_t age);

  Table streams_;
  std::map<uint64_t, StreamKey> by_age_;
  Ages ages_;
  size_t bytes_ = 0;
  StreamCounts counts_;
};

}  // namespace sluice::dns
