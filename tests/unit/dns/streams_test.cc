#include "agent/dns/streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dns/wire.h"

namespace sluice::dns {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Texts = std::vector<std::string>;

constexpr uint32_t kFirst = 0xfffffff0;  // so that numbers go round

StreamKey key_of(uint32_t interface, uint16_t port = 40000) {
  return {interface, *net::Ip::parse("10.0.0.2"), *net::Ip::parse("10.0.0.1"), port, 53};
}

Packet segment(uint32_t sequence, int flags, const Bytes& payload) {
  Packet packet;
  packet.kind = Kind::kTcp;
  packet.sequence = sequence;
  packet.flags = static_cast<uint8_t>(flags);
  packet.payload = payload;
  return packet;
}

// Both ends of one connection.
class Connection {
 public:
  explicit Connection(Streams& streams, StreamKey key = key_of(1)) : streams_(streams), key_(key) {}

  Texts send(Direction direction, uint32_t sequence, int flags, const Bytes& payload = {}) {
    Texts messages;
    streams_.accept(
        key_, direction, segment(sequence, flags, payload),
        [&](std::span<const uint8_t> message) { messages.emplace_back(message.begin(), message.end()); });
    return messages;
  }
  void open() {
    EXPECT_THAT(send(Direction::kFromPod, 100, kSyn), IsEmpty());
    EXPECT_THAT(send(Direction::kToPod, kFirst - 1, kSyn | kAck), IsEmpty());
  }
  // The server's, `offset` bytes behind its first one.
  Texts answer(uint32_t offset, const Bytes& payload, int flags = kAck) {
    return send(Direction::kToPod, kFirst + offset, flags, payload);
  }

 private:
  Streams& streams_;
  StreamKey key_;
};

Bytes message(std::string_view text) {
  return Wire().u16(static_cast<int>(text.size())).text(text).bytes;
}
Bytes operator+(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}
Bytes part(const Bytes& bytes, size_t from, size_t size) {
  return {bytes.begin() + static_cast<std::ptrdiff_t>(from),
          bytes.begin() + static_cast<std::ptrdiff_t>(from + size)};
}

TEST(Streams, SeveralMessagesInASegment) {
  Streams streams;
  Connection connection(streams);
  connection.open();
  EXPECT_THAT(connection.answer(0, message("one") + message("") + message("two")), ElementsAre("one", "two"));
  EXPECT_THAT(connection.send(Direction::kFromPod, 101, kAck, message("query")), ElementsAre("query"));
  EXPECT_EQ(streams.bytes(), 0u);
}

TEST(Streams, AMessageInHoweverManySegments) {
  const std::string longest(65535, 'x');
  const Bytes all = message("first") + message(longest) + message("last");
  for (const size_t size : {size_t{1}, size_t{7}, size_t{1448}, size_t{65000}, all.size()}) {
    Streams streams;
    Connection connection(streams);
    connection.open();
    Texts messages;
    for (size_t at = 0; at < all.size(); at += size) {
      const Texts more =
          connection.answer(static_cast<uint32_t>(at), part(all, at, std::min(size, all.size() - at)));
      messages.insert(messages.end(), more.begin(), more.end());
      ASSERT_LE(streams.bytes(), 65535u);
    }
    EXPECT_THAT(messages, ElementsAre("first", longest, "last")) << size;
    EXPECT_EQ(streams.bytes(), 0u);
  }
}

TEST(Streams, WhatWasSeenIsSkipped) {
  Streams streams;
  Connection connection(streams);
  connection.open();
  const Bytes all = message("one") + message("two");
  EXPECT_THAT(connection.answer(0, part(all, 0, 6)), ElementsAre("one"));
  EXPECT_THAT(connection.answer(0, part(all, 0, 6)), IsEmpty());
  EXPECT_THAT(connection.answer(2, part(all, 2, 3)), IsEmpty());
  connection.open();  // the same SYN once more
  EXPECT_THAT(connection.answer(3, part(all, 3, 7)), ElementsAre("two"));
  EXPECT_THAT(connection.answer(0xffffffff, Wire().byte(0).bytes), IsEmpty()) << "a keep-alive";
  EXPECT_THAT(connection.answer(10, message("three")), ElementsAre("three"));
  EXPECT_EQ(streams.counts().gaps, 0u);
}

TEST(Streams, AGapEndsADirectionUntilTheNextSyn) {
  Streams streams;
  Connection connection(streams);
  connection.open();
  const Bytes all = message("one") + message("two");
  EXPECT_THAT(connection.answer(0, part(all, 0, 3)), IsEmpty());
  EXPECT_THAT(connection.answer(4, part(all, 4, 6)), IsEmpty());
  EXPECT_THAT(connection.answer(3, part(all, 3, 7)), IsEmpty()) << "too late";
  EXPECT_EQ(streams.counts().gaps, 1u);
  EXPECT_EQ(streams.counts().unopened, 1u);
  EXPECT_EQ(streams.bytes(), 0u);
  EXPECT_THAT(connection.send(Direction::kFromPod, 101, kAck, message("query")), ElementsAre("query"));
  EXPECT_THAT(connection.send(Direction::kFromPod, 5000, kSyn), IsEmpty());
  EXPECT_THAT(connection.send(Direction::kToPod, 9000, kSyn | kAck), IsEmpty());
  EXPECT_THAT(connection.send(Direction::kToPod, 9001, kAck, all), ElementsAre("one", "two"));
  EXPECT_EQ(streams.size(), 1u);
}

TEST(Streams, WithoutASynNothingIsFollowed) {
  Streams streams;
  Connection connection(streams);
  EXPECT_THAT(connection.answer(0, message("one")), IsEmpty());
  EXPECT_THAT(connection.send(Direction::kToPod, kFirst - 1, kSyn | kAck), IsEmpty()) << "nobody opened it";
  EXPECT_THAT(connection.send(Direction::kToPod, kFirst - 1, kSyn), IsEmpty()) << "nor does the server";
  EXPECT_THAT(connection.answer(0, message("one")), IsEmpty());
  EXPECT_EQ(streams.size(), 0u);
  EXPECT_EQ(streams.counts().unopened, 2u);
}

TEST(Streams, FastOpenCarriesData) {
  Streams streams;
  Connection connection(streams);
  EXPECT_THAT(connection.send(Direction::kFromPod, 100, kSyn, message("query")), ElementsAre("query"));
  EXPECT_THAT(connection.send(Direction::kToPod, kFirst - 1, kSyn | kAck, message("one")),
              ElementsAre("one"));
  EXPECT_THAT(connection.answer(5, message("two")), ElementsAre("two"));
}

TEST(Streams, EndWithBothDirectionsOrAReset) {
  Streams streams;
  Connection connection(streams);
  connection.open();
  EXPECT_THAT(connection.send(Direction::kFromPod, 101, kAck | kFin), IsEmpty());
  EXPECT_THAT(connection.answer(0, message("one"), kAck | kFin), ElementsAre("one"));
  EXPECT_EQ(streams.size(), 0u);
  connection.open();
  EXPECT_THAT(connection.answer(0, part(message("one"), 0, 4)), IsEmpty());
  EXPECT_EQ(streams.bytes(), 2u);
  EXPECT_THAT(connection.answer(4, {}, kRst), IsEmpty());
  EXPECT_EQ(streams.size(), 0u);
  EXPECT_EQ(streams.bytes(), 0u);
}

TEST(Streams, OfAQueryOnlyItsBeginIsKept) {
  Streams streams;
  Connection connection(streams);
  connection.open();
  const Bytes query = message(std::string(65535, 'x')) + message("next");
  EXPECT_THAT(connection.send(Direction::kFromPod, 101, kAck, part(query, 0, 40000)), IsEmpty());
  EXPECT_EQ(streams.bytes(), Streams::kQueryBytes);
  EXPECT_THAT(connection.send(Direction::kFromPod, 40101, kAck, part(query, 40000, query.size() - 40000)),
              ElementsAre(std::string(Streams::kQueryBytes, 'x'), "next"));
  EXPECT_EQ(streams.bytes(), 0u);
}

TEST(Streams, AFloodOfOneInterfaceTakesNothingFromAnother) {
  Streams streams;
  Connection quiet(streams, key_of(7));
  quiet.open();
  for (int i = 0; i < 2000; ++i) Connection(streams, key_of(8, static_cast<uint16_t>(1000 + i))).open();
  EXPECT_EQ(streams.size(), Streams::kMost);
  EXPECT_EQ(streams.counts().given_up, 2001 - Streams::kMost);
  EXPECT_THAT(quiet.answer(0, message("one")), ElementsAre("one"));
  Connection oldest(streams, key_of(8, 1000)), youngest(streams, key_of(8, 2999));
  EXPECT_THAT(oldest.answer(0, message("one")), IsEmpty());
  EXPECT_THAT(youngest.answer(0, message("one")), ElementsAre("one"));
}

TEST(Streams, KeepABoundedNumberOfBytes) {
  Streams streams;
  const Bytes most = part(message(std::string(65535, 'x')), 0, 60000);
  for (int i = 0; i < 600; ++i) {
    Connection connection(streams, key_of(8, static_cast<uint16_t>(1000 + i)));
    connection.open();
    EXPECT_THAT(connection.answer(0, most), IsEmpty());
    ASSERT_LE(streams.bytes(), Streams::kMostBytes);
  }
  EXPECT_GT(streams.bytes(), Streams::kMostBytes - 65535);
}

}  // namespace
}  // namespace sluice::dns
