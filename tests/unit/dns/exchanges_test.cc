#include "agent/dns/exchanges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dns/wire.h"

namespace sluice::dns {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr std::string_view kPod = "10.0.0.9", kServer = "10.96.0.10";

Bytes answer_to(int id, std::string_view name, int type = 1) {
  return reply(id, name, 1, type).address(name, 60, type == 1 ? "192.0.2.1" : "2001:db8::1").bytes;
}

// Pods that ask and servers that answer, over UDP.
class Wires {
 public:
  explicit Wires(Exchanges::Keeper keeper = {}) : exchanges(std::move(keeper)) {}

  size_t ask(const Bytes& message, uint32_t interface = 1, int port = 40000,
             std::string_view server = kServer) {
    return accept(udp_frame({kPod, server, port, 53}, message), interface, Direction::kFromPod);
  }
  size_t answer(const Bytes& message, uint32_t interface = 1, int port = 40000,
                std::string_view server = kServer) {
    return accept(udp_frame({server, kPod, 53, port}, message), interface, Direction::kToPod);
  }
  size_t accept(const Bytes& frame, uint32_t interface, Direction direction) {
    last = exchanges.accept(read_frame(frame), interface, direction, now);
    return last.size();
  }

  Exchanges exchanges;
  uint64_t now = 1000 * kSecond;
  std::vector<Answer> last;
};

TEST(Exchanges, AnAnswerCountsOnce) {
  Wires wires;
  EXPECT_EQ(wires.ask(query(7, "www.example.com")), 0u);
  ASSERT_EQ(wires.answer(answer_to(7, "www.example.com")), 1u);
  EXPECT_EQ(wires.last.front().names.front().text, "www.example.com");
  EXPECT_EQ(wires.answer(answer_to(7, "www.example.com")), 0u);
  EXPECT_EQ(wires.exchanges.count(Event::kAsked), 1u);
  EXPECT_EQ(wires.exchanges.count(Event::kAnswered), 1u);
  EXPECT_EQ(wires.exchanges.count(Event::kRepeated), 1u);
  EXPECT_EQ(wires.ask(query(7, "www.example.com")), 0u);
  EXPECT_EQ(wires.answer(answer_to(7, "www.example.com")), 1u) << "asked again";
}

TEST(Exchanges, OnlyToTheVeryQuestion) {
  const struct {
    const char* what;
    Bytes answer;
    Event event;
  } rows[] = {
      {"another id", answer_to(8, "www.example.com"), Event::kUnasked},
      {"another name", answer_to(7, "www.example.org"), Event::kDifferent},
      {"another case", answer_to(7, "www.Example.com"), Event::kDifferent},
      {"another type", answer_to(7, "www.example.com", 28), Event::kDifferent},
      {"another class", head(7, kReply, 1, 0).name("www.example.com").u16(1).u16(3).bytes, Event::kDifferent},
      {"two questions",
       head(7, kReply, 2, 0).name("www.example.com").u16(1).u16(1).name("a.b").u16(1).u16(1).bytes,
       Event::kUnreadable},
      {"a query", query(7, "www.example.com"), Event::kUnreadable},
      {"half a header", {0, 7, 0x81}, Event::kUnreadable},
  };
  for (const auto& row : rows) {
    Wires wires;
    wires.ask(query(7, "www.example.com"));
    EXPECT_EQ(wires.answer(row.answer), 0u) << row.what;
    EXPECT_EQ(wires.exchanges.count(row.event), 1u) << row.what;
    EXPECT_EQ(wires.answer(answer_to(7, "www.example.com")), 1u)
        << row.what << ": the right one still counts";
  }
}

TEST(Exchanges, OnlyBackTheSameWay) {
  const Bytes answer = answer_to(7, "a.b");
  Wires wires;
  wires.ask(query(7, "a.b"));
  EXPECT_EQ(wires.answer(answer, 2), 0u) << "another interface";
  EXPECT_EQ(wires.answer(answer, 1, 40001), 0u) << "another port";
  EXPECT_EQ(wires.answer(answer, 1, 40000, "10.96.0.11"), 0u) << "another server";
  EXPECT_EQ(wires.accept(udp_frame({kServer, kPod, 5353, 40000}, answer), 1, Direction::kToPod), 0u)
      << "its port";
  EXPECT_EQ(wires.ask(answer), 0u) << "from the pod itself";
  EXPECT_EQ(wires.exchanges.count(Event::kUnasked), 4u);
  EXPECT_EQ(wires.exchanges.count(Event::kUnreadable), 1u);
  EXPECT_EQ(wires.answer(answer), 1u);
}

TEST(Exchanges, WhatTeachesNothingCountsToo) {
  Wires wires;
  wires.ask(query(7, "a.b"));
  ASSERT_EQ(wires.answer(reply(7, "a.b", 0, 1, kReply | 3).bytes), 1u);
  EXPECT_EQ(wires.last.front().lesson, Lesson::kError);
  EXPECT_EQ(wires.answer(answer_to(7, "a.b")), 0u) << "the second one";
}

TEST(Exchanges, TheYoungerQuestionHoldsUnderOneKey) {
  Wires wires;
  wires.ask(query(7, "a.b"));
  wires.ask(query(7, "c.d"));
  EXPECT_EQ(wires.answer(answer_to(7, "a.b")), 0u);
  EXPECT_EQ(wires.answer(answer_to(7, "c.d")), 1u);
  EXPECT_EQ(wires.exchanges.size(), 1u);
}

TEST(Exchanges, AreRememberedForTenSeconds) {
  Wires wires;
  wires.ask(query(7, "a.b"));
  wires.now += 5 * kSecond;
  wires.ask(query(8, "c.d"));
  wires.now += 5 * kSecond - 1;
  EXPECT_EQ(wires.exchanges.size(), 2u);
  ++wires.now;
  EXPECT_EQ(wires.answer(answer_to(7, "a.b")), 0u);
  EXPECT_EQ(wires.exchanges.count(Event::kUnasked), 1u);
  EXPECT_EQ(wires.answer(answer_to(8, "c.d")), 1u);
  wires.exchanges.expire(wires.now + 5 * kSecond);
  EXPECT_EQ(wires.exchanges.size(), 0u);
}

TEST(Exchanges, OverTcpAlso) {
  Wires wires;
  const Ends there{kPod, kServer, 40000, 53}, back{kServer, kPod, 53, 40000};
  const auto framed = [](const Bytes& message) {
    return Wire().u16(static_cast<int>(message.size())).raw(message).bytes;
  };
  wires.accept(tcp_frame(there, 99, kSyn, {}), 1, Direction::kFromPod);
  wires.accept(tcp_frame(back, 499, kSyn | kAck, {}), 1, Direction::kToPod);
  Bytes both = framed(query(7, "a.b"));
  for (const uint8_t byte : framed(query(8, "c.d"))) both.push_back(byte);
  wires.accept(tcp_frame(there, 100, kAck, both), 1, Direction::kFromPod);
  EXPECT_EQ(wires.exchanges.count(Event::kAsked), 2u);
  EXPECT_EQ(wires.answer(answer_to(7, "a.b")), 0u) << "by UDP";
  const Bytes answer = framed(answer_to(8, "c.d"));
  size_t counted = 0;
  for (size_t i = 0; i < answer.size(); ++i)
    counted += wires.accept(tcp_frame(back, 500 + static_cast<uint32_t>(i), kAck, {answer[i]}), 1,
                            Direction::kToPod);
  EXPECT_EQ(counted, 1u);
}

TEST(Exchanges, OtherPacketsAreCounted) {
  Wires wires;
  Bytes fragment = udp_frame({kServer, kPod, 53, 40000}, answer_to(7, "a.b"));
  fragment[20] = 0x20;
  EXPECT_EQ(wires.accept(fragment, 1, Direction::kToPod), 0u);
  EXPECT_EQ(wires.accept(Bytes(40), 1, Direction::kToPod), 0u);
  EXPECT_EQ(wires.exchanges.count(Event::kFragment), 1u);
  EXPECT_EQ(wires.exchanges.count(Event::kOtherPacket), 1u);
}

TEST(Exchanges, AFloodOfOneInterfaceTakesNothingFromAnother) {
  Wires wires;
  wires.ask(query(7, "quiet.example"), 1);
  for (int id = 0; id < 3000; ++id) wires.ask(query(id, "flood.example"), 2);
  EXPECT_EQ(wires.exchanges.size(), 1 + Exchanges::kMostOfInterface);
  EXPECT_EQ(wires.exchanges.count(Event::kGaveWay), 3000 - Exchanges::kMostOfInterface);
  EXPECT_EQ(wires.answer(answer_to(0, "flood.example"), 2), 0u) << "its oldest";
  EXPECT_EQ(wires.answer(answer_to(2999, "flood.example"), 2), 1u);
  for (uint32_t interface = 3; interface < 103; ++interface)
    for (int id = 0; id < 800; ++id) wires.ask(query(id, "flood.example"), interface);
  EXPECT_EQ(wires.exchanges.size(), Exchanges::kMost);
  EXPECT_EQ(wires.answer(answer_to(7, "quiet.example"), 1), 1u);
}

TEST(Exchanges, ALaterAgentGoesOn) {
  std::map<QuestionKey, QuestionValue> kept;
  const Exchanges::Keeper keeper{
      [&](const QuestionKey& key, const QuestionValue& value) { kept[key] = value; },
      [&](const QuestionKey& key) { kept.erase(key); }};
  Wires former(keeper);
  former.ask(query(1, "gone.example"));
  former.now += 9 * kSecond;
  former.ask(query(2, "answered.example"));
  former.ask(query(3, "wWw.example"));
  former.ask(query(4, "a.b"));
  former.ask(query(4, "c.d"));
  former.answer(answer_to(2, "answered.example"));
  EXPECT_EQ(kept.size(), 3u);

  std::vector<std::pair<QuestionKey, QuestionValue>> left(kept.begin(), kept.end());
  QuestionKey bad = left.front().first;
  bad.id = 99;
  QuestionValue too_long = left.front().second;
  too_long.length = 262;
  kept[bad] = too_long;
  left.emplace_back(bad, too_long);
  Wires later(keeper);
  later.now = former.now + kSecond;
  later.exchanges.restore(left, later.now);
  EXPECT_EQ(kept.size(), 2u) << "what is too old, or cannot be, is taken away";
  EXPECT_EQ(later.answer(answer_to(1, "gone.example")), 0u);
  EXPECT_EQ(later.answer(answer_to(3, "www.example")), 0u);
  EXPECT_EQ(later.answer(answer_to(3, "wWw.example")), 1u);
  EXPECT_EQ(later.answer(answer_to(4, "a.b")), 0u);
  EXPECT_EQ(later.answer(answer_to(4, "c.d")), 1u);
  EXPECT_TRUE(kept.empty());
}

TEST(Exchanges, WhatGoesIsTold) {
  std::set<QuestionKey> kept;
  Wires wires({[&](const QuestionKey& key, const QuestionValue&) { kept.insert(key); },
               [&](const QuestionKey& key) { EXPECT_EQ(kept.erase(key), 1u); }});
  for (int id = 0; id < 3000; ++id) wires.ask(query(id, "flood.example"));
  EXPECT_EQ(kept.size(), Exchanges::kMostOfInterface);
  wires.exchanges.expire(wires.now + 10 * kSecond);
  EXPECT_TRUE(kept.empty());
}

TEST(Event, HasAName) {
  EXPECT_EQ(to_text(Event::kAsked), "asked");
  EXPECT_EQ(to_text(Event::kGaveWay), "gave_way");
}

}  // namespace
}  // namespace sluice::dns
