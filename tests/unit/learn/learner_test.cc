#include "agent/learn/learner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dns/wire.h"

namespace sluice::learn {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kPod = "10.0.0.9", kServer = "10.96.0.10";
constexpr uint32_t kInterface = 7;
const net::Ip kWeb = net::Ip::parse("203.0.113.9").value();
constexpr uint64_t kStart = 1000 * names::kSecond;

// What a learner does to the world, in its order.
class World {
 public:
  World() : learner(names::Limits{}, host()) {
    learner.set_servers({{ip(kServer), net::Port::from_host(53)}});
  }

  static net::Ip ip(std::string_view text) { return net::Ip::parse(text).value(); }

  void ask(int id, std::string_view name) {
    take(dns::udp_frame({kPod, kServer, 40000, 53}, dns::query(id, name)), false, false);
  }
  void answer(int id, std::string_view name, bool held = true, std::string_view from = kServer,
              uint32_t ttl = 60) {
    take(dns::udp_frame({from, kPod, 53, 40000},
                        dns::reply(id, name, 1).address(name, ttl, "203.0.113.9").bytes),
         true, held);
  }
  void take(const std::vector<uint8_t>& frame, bool to_pod, bool held) {
    const sluice_dns_packet entry = entry_of(frame, to_pod, held);
    if (is_sent)
      learner.accept_sent(entry, frame, now);
    else
      learner.accept(entry, frame, now);
  }
  sluice_dns_packet entry_of(const std::vector<uint8_t>& frame, bool to_pod, bool held) const {
    sluice_dns_packet entry{};
    entry.time = now;
    entry.ifindex = kInterface;
    entry.length = static_cast<uint32_t>(frame.size());
    entry.direction = to_pod ? SLUICE_INGRESS : SLUICE_EGRESS;
    entry.held = held;
    return entry;
  }
  void flush() { learner.flush(now); }

  Host host() {
    return {[](std::string_view name) { return image::NameClassId{name.ends_with("example.com") ? 5u : 0u}; },
            [this](const auto& names, const auto& addresses) -> base::Status {
              for (const auto& [slot, name] : names)
                done.push_back((name ? "name " + *name : std::string("no name")));
              for (const auto& [address, slots] : addresses)
                done.push_back("force " + address.to_text() + " " + std::to_string(slots.size()));
              return fails ? base::Status(base::Error("map rules: full")) : base::done();
            },
            [this](const net::Ip& address, const auto& learnt) {
              done.push_back((learnt ? "learnt " : "forgotten ") + address.to_text());
              if (learnt) words[address] = *learnt;
              return base::done();
            },
            [this](image::NameSlot, std::string_view text) {
              done.push_back("text " + std::string(text));
              return base::done();
            },
            [this](auto, auto value) {
              questions += value.empty() ? -1 : 1;
              return base::done();
            },
            [this](uint32_t ifindex, const dns::SendHeader&, auto frame) {
              done.push_back("send " + std::to_string(ifindex) + " " + std::to_string(frame.size()));
              return base::done();
            },
            [this](std::vector<net::Ip> addresses) {
              ++looks;
              asked_about = std::move(addresses);
            },
            [this] {
              ++reads;
              return in_use;
            }};
  }

  std::vector<std::string> done;
  std::map<net::Ip, sluice_learnt_names> words;
  // What a look that was begun finds.
  void finish_look() {
    ASSERT_GT(looks, looks_finished);
    looks_finished = looks;
    learner.looked(in_use, now);
  }

  Host::InUse in_use;
  std::vector<net::Ip> asked_about;
  int questions = 0, looks = 0, looks_finished = 0, reads = 0;
  bool fails = false;
  bool is_sent = false;  // what comes was sent on while the agent started
  uint64_t now = kStart;
  Learner learner;
};

TEST(Learner, AnAnswerGoesOnOnceWhatItTeachesIsInForce) {
  World world;
  world.ask(1, "www.example.com");
  EXPECT_EQ(world.questions, 1);
  world.answer(1, "www.example.com");
  EXPECT_THAT(world.done, IsEmpty()) << "before flush()";
  world.flush();
  EXPECT_THAT(world.done, ElementsAre("text www.example.com", "learnt 203.0.113.9", "name www.example.com",
                                      "force 203.0.113.9 1", testing::StartsWith("send 7 ")));
  const uint64_t word = world.words.at(kWeb).word[0];
  EXPECT_EQ(word & SLUICE_NAME_MASK, 1u);
  EXPECT_NEAR(static_cast<double>(word - kStart), 90e9, 1e6) << "TTL and grace";
  EXPECT_EQ(world.questions, 0) << "to another agent a second answer would be one that nobody asked for";
}

TEST(Learner, WhatCannotBePutInForceHoldsNoAnswerBack) {
  World world;
  world.fails = true;
  world.ask(1, "www.example.com");
  world.answer(1, "www.example.com");
  world.flush();
  EXPECT_THAT(world.done.back(), testing::StartsWith("send 7 "));
  EXPECT_EQ(world.learner.counts().failed, 1u);
  EXPECT_EQ(world.learner.last_error(), "map rules: full");
}

TEST(Learner, WhatTeachesNothingGoesOnAsItCame) {
  World world;
  world.answer(1, "www.example.com");  // nobody asked
  world.ask(2, "www.example.com");
  world.answer(2, "www.example.com", true, "198.51.100.1");  // nobody that is believed
  world.answer(3, "www.example.com");                        // another id
  world.flush();
  EXPECT_EQ(world.done.size(), 3u);
  for (const std::string& one : world.done) EXPECT_THAT(one, testing::StartsWith("send 7 "));
  EXPECT_EQ(world.learner.counts().not_believed, 1u);
  EXPECT_EQ(world.learner.memory().addresses(), 0u);
}

TEST(Learner, UnheldAnswersTeachAndAreNotSentAgain) {
  World world;
  world.ask(1, "www.example.com");
  world.answer(1, "www.example.com", false);
  world.flush();
  EXPECT_EQ(world.learner.memory().addresses(), 1u);
  EXPECT_THAT(world.done.back(), "force 203.0.113.9 1");
  EXPECT_EQ(world.learner.counts().unheld, 1u);
}

TEST(Learner, WhatWasSentOnWhileItStartedTeachesAndIsNotSentAgain) {
  World world;
  world.is_sent = true;
  world.ask(1, "www.example.com");
  world.answer(1, "www.example.com");
  world.flush();
  EXPECT_EQ(world.learner.memory().addresses(), 1u);
  EXPECT_THAT(world.done.back(), "force 203.0.113.9 1");
  EXPECT_EQ(world.learner.counts().held, 1u);
}

TEST(Learner, AnswersThatWaitedForTooLongAreDropped) {
  World world;
  world.ask(1, "www.example.com");
  world.answer(1, "www.example.com");
  world.now += kLongestHeld + 1;
  world.flush();
  EXPECT_EQ(world.learner.counts().too_late, 1u);
  EXPECT_THAT(world.done.back(), "force 203.0.113.9 1") << "learnt all the same";
}

TEST(Learner, WhatExpiresLeavesTheMaps) {
  World world;
  world.ask(1, "www.example.com");
  world.answer(1, "www.example.com");
  world.flush();
  world.done.clear();
  ASSERT_TRUE(world.learner.next_expiry());
  world.now = *world.learner.next_expiry();
  world.learner.expire(world.now);
  EXPECT_THAT(world.done, ElementsAre("forgotten 203.0.113.9", "force 203.0.113.9 1"));
  EXPECT_THAT(world.asked_about, ElementsAre(kWeb));
  world.finish_look();
  EXPECT_EQ(world.done.back(), "force 203.0.113.9 0");
  EXPECT_FALSE(world.learner.next_expiry());
  EXPECT_EQ(world.reads, 0) << "nobody waited for the flows";
}

TEST(Learner, WhatExpiresStaysInForceWhileAConnectionIsOpenByIt) {
  World world;
  world.ask(1, "www.example.com");
  world.answer(1, "www.example.com");
  world.flush();
  const auto expire = [&] {
    world.done.clear();
    world.now = *world.learner.next_expiry();
    world.learner.expire(world.now);
    world.finish_look();
  };
  world.in_use.opened = {{1, kWeb}};
  expire();
  EXPECT_THAT(world.done, ElementsAre("forgotten 203.0.113.9", "force 203.0.113.9 1"));
  expire();
  EXPECT_THAT(world.done, IsEmpty()) << "still open";
  world.in_use = {};
  world.in_use.is_whole = false;
  expire();
  EXPECT_THAT(world.done, IsEmpty()) << "what is open is not known";
  world.in_use.is_whole = true;
  expire();
  EXPECT_THAT(world.done, ElementsAre("force 203.0.113.9 0"));
  EXPECT_FALSE(world.learner.next_expiry());
}

TEST(Learner, WhatChangesDuringALookWaitsForTheNext) {
  World world;
  const auto learn = [&](int id) {
    world.ask(id, "www.example.com");
    world.answer(id, "www.example.com");
    world.flush();
  };
  const auto expire = [&] {
    world.now = *world.learner.next_expiry();
    world.learner.expire(world.now);
  };
  learn(1);
  expire();
  ASSERT_EQ(world.looks, 1);
  learn(2);  // and a connection is opened where the look has been already
  expire();
  EXPECT_EQ(world.looks, 1) << "it is not done yet";
  world.done.clear();
  world.finish_look();
  EXPECT_THAT(world.done, IsEmpty()) << "it may be open since";
  expire();
  EXPECT_EQ(world.looks, 2);
  world.finish_look();
  EXPECT_THAT(world.done, ElementsAre("force 203.0.113.9 0"));
}

TEST(Learner, TheNextAgentGoesOnWithWhatTheMapsHold) {
  World first;
  first.ask(1, "www.example.com");
  first.answer(1, "www.example.com");
  first.flush();
  World next;
  next.now = first.now + names::kSecond;
  next.learner.restore({{{kWeb, first.words.at(kWeb)}}, {{1, "www.example.com"}}, {}}, next.now);
  EXPECT_THAT(next.done, testing::IsSupersetOf({"name www.example.com", "force 203.0.113.9 1"}));
  EXPECT_EQ(next.learner.memory().list().size(), 1u);
  EXPECT_EQ(next.learner.next_expiry(), first.words.at(kWeb).word[0] & ~uint64_t{SLUICE_NAME_MASK});
}

TEST(Learner, TheNextAgentKnowsNamesWithoutAnAddressAndConnectionsThatAreOpenByThem) {
  World world;
  world.in_use.opened = {{1, kWeb}, {2, kWeb}};
  world.learner.restore({{}, {{1, "www.example.com"}, {3, "api.example.com"}}, {}}, world.now);
  EXPECT_THAT(world.done, ElementsAre("name www.example.com", "name api.example.com", "force 203.0.113.9 1"));
  world.ask(1, "api.example.com");
  world.answer(1, "api.example.com");
  world.flush();
  EXPECT_THAT(world.done, testing::Contains("force 203.0.113.9 2"));
}

}  // namespace
}  // namespace sluice::learn
