// The laws of bpf/flow_table.h, through both targets: the very code, as user space builds it and as the kernel
// runs it. Connections of many pods are written by edits; those of one pod are made by its packets.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <string>

#include "sluice/timeouts.h"
#include "tests/kernel/engine.h"
#include "tests/kernel/scenarios.h"
#include "tests/kernel/world.h"

namespace sluice::testing {
namespace {

constexpr uint32_t kEntries = kFlowBuckets * SLUICE_FLOW_WAYS, kShare = kEntries / 2 / SLUICE_FLOW_SHARES;
constexpr uint32_t kVictim = 3, kOther = 4, kFlooder = 9;
constexpr uint8_t kAnswered = SLUICE_FLOW_REPLIED | SLUICE_FLOW_ANSWERED;

using Make = std::unique_ptr<Engine> (*)();

class FlowTable : public ::testing::TestWithParam<Make> {
 protected:
  void SetUp() override {
    static std::map<Make, std::unique_ptr<Engine>> engines;  // loading takes its time
    auto [found, made] = engines.try_emplace(GetParam());
    if (made) found->second = GetParam()();
    engine_ = found->second.get();
    if (!engine_) GTEST_SKIP() << "loading programs needs root";
    engine_->reset();
    for (uint32_t endpoint = 1; endpoint < 16; ++endpoint) engine_->set_flow_share(endpoint, 0);
  }

  sluice_flow_edit flow(uint32_t endpoint, uint32_t number, uint8_t bits = 0, uint32_t idle_seconds = 0) {
    sluice_flow_edit edit{};
    edit.remote[0] = number;
    edit.endpoint = endpoint;
    edit.ports = 0x1234;
    edit.seen = engine_->now() - idle_seconds * engine_->second();
    edit.family = 4;
    edit.protocol = 6;
    edit.bits = bits;
    edit.kind = SLUICE_FLOW_ADD;
    return edit;
  }
  void add(uint32_t endpoint, uint32_t first, uint32_t count, uint8_t bits = 0, uint32_t idle_seconds = 0) {
    for (uint32_t i = 0; i < count; ++i) engine_->edit(flow(endpoint, first + i, bits, idle_seconds));
  }
  size_t held(uint32_t endpoint, const std::function<bool(const sluice_flow_edit&)>& such = {}) {
    const auto all = engine_->flows();
    return static_cast<size_t>(std::ranges::count_if(all, [&](const auto& one) {
      return SLUICE_ENDPOINT_INDEX(one.endpoint) == endpoint && (!such || such(one));
    }));
  }
  sluice_flow_counts counts(uint32_t endpoint = SLUICE_NO_ENDPOINT) { return engine_->flow_counts(endpoint); }
  // What the counts say of each endpoint is what the tables hold.
  void expect_counts_are_true() {
    for (uint32_t endpoint = 1; endpoint < 16; ++endpoint) {
      const auto answered = [](const auto& one) { return (one.bits & SLUICE_FLOW_ANSWERED) != 0; };
      const auto of_it = counts(endpoint);
      EXPECT_EQ(of_it.held[SLUICE_FLOWS_ANSWERED], held(endpoint, answered)) << endpoint;
      EXPECT_EQ(of_it.held[SLUICE_FLOWS_UNANSWERED], held(endpoint) - held(endpoint, answered)) << endpoint;
    }
  }
  // Every entry is in use: by answered connections of pods within their share.
  void fill_with_answered() {
    for (uint32_t pass = 0; pass < 40; ++pass)
      for (uint32_t endpoint = 10; endpoint < 16; ++endpoint) {
        engine_->set_flow_share(endpoint, kEntries);
        add(endpoint, pass * 100, 100, kAnswered);
      }
    ASSERT_EQ(engine_->flows().size(), kEntries);
  }

  Engine* engine_ = nullptr;
};

TEST_P(FlowTable, AnAnsweredConnectionGivesWayToNoUnansweredOne) {
  fill_with_answered();
  const uint64_t refused = counts().refused;
  add(kFlooder, 0, 4000);
  EXPECT_EQ(held(kFlooder), 0u);
  EXPECT_EQ(counts(kFlooder).refused, 4000u);
  EXPECT_EQ(counts().refused, refused + 4000);
  EXPECT_EQ(counts().displaced[SLUICE_FLOWS_ANSWERED], 0u);
  expect_counts_are_true();
}

TEST_P(FlowTable, AFloodDisplacesItsOwn) {
  add(kFlooder, 0, 4000);
  ASSERT_EQ(held(kFlooder), kEntries);
  add(kVictim, 0, kShare);
  EXPECT_EQ(held(kVictim), kShare) << "the flood gives way";
  add(kFlooder, 4000, 4000);
  EXPECT_EQ(held(kVictim), kShare) << "and takes nothing back";
  EXPECT_EQ(counts(kVictim).displaced[SLUICE_FLOWS_UNANSWERED], 0u);
  EXPECT_EQ(counts(kFlooder).displaced[SLUICE_FLOWS_UNANSWERED], counts().displaced[SLUICE_FLOWS_UNANSWERED]);
  EXPECT_GT(counts().displaced[SLUICE_FLOWS_UNANSWERED], 4000u);
  expect_counts_are_true();
}

TEST_P(FlowTable, TheOldestOfAFloodGoesFirst) {
  add(kFlooder, 0, 4000, 0, 20);
  add(kFlooder, 4000, kShare, 0, 10);
  add(kOther, 0, 2000, 0, 5);
  add(kVictim, 0, kShare);
  const auto younger = [&](const auto& one) { return one.remote[0] >= 4000; };
  EXPECT_EQ(held(kFlooder, younger), kShare) << "while there are older ones";
}

TEST_P(FlowTable, CompletedHandshakesOfOnePodTakeNothingFromOthers) {
  add(kVictim, 0, kShare, kAnswered, 3600);
  add(kFlooder, 0, 4000, kAnswered);
  EXPECT_EQ(held(kVictim), kShare) << "answered, and idle for an hour";
  add(kOther, 0, kShare);
  EXPECT_EQ(held(kOther), kShare) << "a new connection finds a place";
  add(kFlooder, 4000, 4000, kAnswered);
  EXPECT_EQ(held(kVictim), kShare);
  EXPECT_EQ(held(kOther), kShare);
  EXPECT_EQ(counts(kFlooder).displaced[SLUICE_FLOWS_ANSWERED], counts().displaced[SLUICE_FLOWS_ANSWERED]);
  EXPECT_GT(counts().displaced[SLUICE_FLOWS_ANSWERED], 0u);
  expect_counts_are_true();
}

TEST_P(FlowTable, AFloodTakesNoAnsweredConnectionOfAPodOverItsShareEither) {
  add(kVictim, 0, 4000, kAnswered, 3600);
  ASSERT_EQ(held(kVictim), kEntries);
  add(kFlooder, 0, kShare + 1);
  const size_t left = held(kVictim);
  EXPECT_EQ(held(kFlooder), kShare + 1) << "a share is sure";
  add(kFlooder, 1000, 4000);
  EXPECT_EQ(held(kVictim), left);
  add(kOther, 0, kShare);
  EXPECT_EQ(held(kOther), kShare) << "another pod is within its own";
  expect_counts_are_true();
}

TEST_P(FlowTable, AShareCountsOnlyWhereTheTableIsShort) {
  add(kFlooder, 0, kEntries / 4, kAnswered);
  EXPECT_EQ(held(kFlooder), kEntries / 4) << "five times its share";
  EXPECT_EQ(counts().displaced[SLUICE_FLOWS_ANSWERED] + counts().refused, 0u);
}

TEST_P(FlowTable, APodMayBeGivenAShareOfItsOwn) {
  engine_->set_flow_share(kVictim, 4 * kShare);
  add(kVictim, 0, 4 * kShare, kAnswered, 60);
  add(kFlooder, 0, 4000, kAnswered);
  EXPECT_EQ(held(kVictim), 4 * kShare);
  engine_->set_flow_share(kVictim, 1);
  add(kOther, 0, kShare);
  EXPECT_LT(held(kVictim), 4 * kShare) << "its flows are the ones idle for longest";
}

TEST_P(FlowTable, WhatIsForgottenOrResetGivesWayFirst) {
  add(kVictim, 0, 4000, kAnswered, 60);
  const size_t before = counts().displaced[SLUICE_FLOWS_ANSWERED];
  engine_->reset();
  // Answered, TCP: stands for days.
  add(kVictim, 0, kEntries / 8, kAnswered, 3600);
  // Reset and silent since, and forgotten.
  add(kOther, 0, 4000, kAnswered | SLUICE_FLOW_RESET, 3600);
  add(kOther, 5000, 4000, 0, 3600);
  const size_t live = held(kVictim);
  const auto counted = counts();
  add(kFlooder, 0, kEntries / 8, kAnswered);
  EXPECT_EQ(held(kFlooder), kEntries / 8);
  EXPECT_EQ(held(kVictim), live);
  EXPECT_EQ(counts().displaced[SLUICE_FLOWS_ANSWERED], counted.displaced[SLUICE_FLOWS_ANSWERED])
      << "nobody lost anything";
  EXPECT_GT(before, 0u) << "the same with live ones displaces";
  expect_counts_are_true();
}

// Another CPU may read its clock a tick later than the one that judges now.
TEST_P(FlowTable, AFlowSeenAMomentAheadIsInUse) {
  sluice_flow_edit ahead = flow(kVictim, 0, kAnswered);
  ahead.seen += std::max(1u, engine_->second() / 2);
  for (uint32_t i = 0; i < 4000; ++i) {
    ahead.remote[0] = i;
    engine_->edit(ahead);
  }
  engine_->set_flow_share(kVictim, kEntries);
  const size_t before = held(kVictim);
  ASSERT_EQ(before, kEntries);
  add(kFlooder, 0, 4000);
  EXPECT_EQ(held(kVictim), before);
}

TEST_P(FlowTable, AFreedEntryIsFreeAndNoOtherIs) {
  add(kVictim, 0, 50, kAnswered);
  sluice_flow_edit gone = flow(kVictim, 7);
  gone.kind = SLUICE_FLOW_DROP;
  engine_->edit(gone);
  engine_->edit(gone);
  gone.protocol = 17;
  engine_->edit(gone);
  EXPECT_EQ(held(kVictim), 49u);
  EXPECT_EQ(held(kVictim, [](const auto& one) { return one.remote[0] == 7; }), 0u);
  expect_counts_are_true();
}

TEST_P(FlowTable, AnEntryBearsItsNameAndACopyKeepsIt) {
  uint32_t number = 0;
  for (const uint8_t family : {uint8_t{4}, uint8_t{6}})
    for (const uint8_t kind : {SLUICE_FLOW_ADD, SLUICE_FLOW_COPY})
      for (const uint32_t name : {0U, 1U, 4711U, uint32_t{SLUICE_NAME_MASK}}) {
        sluice_flow_edit edit = flow(kVictim, ++number, kAnswered);
        edit.family = family;
        edit.kind = kind;
        edit.name = name;
        edit.epoch = 0xffffffff;
        engine_->edit(edit);
        const auto all = engine_->flows();
        const auto found =
            std::ranges::find_if(all, [&](const auto& one) { return one.remote[0] == number; });
        ASSERT_NE(found, all.end()) << number;
        EXPECT_EQ(found->name, name) << number;
        sluice_flow_edit gone = edit;
        gone.kind = SLUICE_FLOW_DROP;
        gone.name = 0;
        engine_->edit(gone);
        EXPECT_EQ(held(kVictim), 0u) << "a name is no part of the key";
      }
}

TEST_P(FlowTable, AKeyIsKnownByEveryWordInBothFamilies) {
  for (const uint8_t family : {uint8_t{4}, uint8_t{6}}) {
    sluice_flow_edit one = flow(kVictim, 1);
    one.family = family;
    engine_->edit(one);
    std::vector<sluice_flow_edit> others(family == 4 ? 4 : 7, one);
    others[0].remote[0] = 2;
    others[1].ports = 0x4321;
    others[2].protocol = 17;
    others[3].endpoint = kOther;
    for (size_t i = 4; i < others.size(); ++i) others[i].remote[i - 3] = 1;
    for (const auto& other : others) engine_->edit(other);
    EXPECT_EQ(std::ranges::count_if(engine_->flows(), [&](const auto& f) { return f.family == family; }),
              static_cast<ptrdiff_t>(others.size()) + 1);
  }
}

// ---- what a pod's own packets make of its flow

class Answers : public FlowTable {
 protected:
  void SetUp() override {
    FlowTable::SetUp();
    if (!engine_) return;
    ASSERT_TRUE(engine_->put(World(ip("10.0.0.1")).image()).ok());
    syn_ = packet::opening(ip("10.0.0.1"), ip("10.0.1.1"), net::kTcp, port(80));
    datagram_ = packet::opening(ip("10.0.0.1"), ip("10.0.1.1"), net::kUdp, port(53));
  }
  void out(const Spec& spec) { engine_->run(SLUICE_EGRESS, packet::build(spec), kPodInterface); }
  void in(const Spec& spec) { engine_->run(SLUICE_INGRESS, packet::build(spec), kPodInterface); }
  unsigned bits() {
    const auto all = engine_->flows();
    return all.size() == 1 ? all[0].bits : 0xffffU;
  }
  static constexpr unsigned kOpened = SLUICE_FLOW_BY_POD, kReplied = kOpened | SLUICE_FLOW_REPLIED,
                            kEarned = kReplied | SLUICE_FLOW_ANSWERED;
  Spec syn_, datagram_;
};

TEST_P(Answers, OfTcpNeedTheAckOfTheSynAck) {
  out(syn_);
  EXPECT_EQ(bits(), kOpened);
  Spec forged = reply(syn_, kAck);
  in(forged);
  EXPECT_EQ(bits(), kReplied) << "a lone packet of the other end";
  engine_->reset();
  SetUp();
  out(syn_);
  Spec syn_ack = reply(syn_);
  syn_ack.tcp_sequence = 0xfffffffe;
  in(syn_ack);
  in(syn_ack);
  EXPECT_EQ(bits(), kReplied) << "sent twice, it is one";
  Spec ack = with_flags(syn_, kAck);
  ack.tcp_acknowledged = 7;
  out(ack);
  EXPECT_EQ(bits(), kReplied) << "of something else";
  ack.tcp_acknowledged = 0xffffffff;
  out(ack);
  EXPECT_EQ(bits(), kEarned);
}

TEST_P(Answers, OfTcpAreSeenByTheOtherGoingOn) {
  out(syn_);
  in(reply(syn_));
  in(reply(syn_, kAck));
  EXPECT_EQ(bits(), kEarned);
}

TEST_P(Answers, OfUdpNeedTwoPacketsOrOneAndTime) {
  out(datagram_);
  in(reply(datagram_));
  EXPECT_EQ(bits(), kReplied);
  out(datagram_);
  EXPECT_EQ(bits(), kReplied) << "at once";
  in(reply(datagram_));
  EXPECT_EQ(bits(), kEarned);

  SetUp();
  out(datagram_);
  in(reply(datagram_));
  engine_->wait(2);
  out(datagram_);
  EXPECT_EQ(bits(), kEarned);
}

TEST_P(Answers, AForgedSynOrResetTakesNothing) {
  out(syn_);
  in(reply(syn_));
  out(with_flags(syn_, kAck));
  ASSERT_EQ(bits(), kEarned);
  out(syn_);
  EXPECT_EQ(bits() & SLUICE_FLOW_ANSWERED, SLUICE_FLOW_ANSWERED);
  in(reply(syn_, kRst));
  EXPECT_NE(bits() & SLUICE_FLOW_RESET, 0u);
  in(reply(syn_, kAck));
  EXPECT_EQ(bits() & SLUICE_FLOW_RESET, 0u) << "it goes on";
  expect_counts_are_true();
}

// By the direction that they are opened in.
TEST_P(Answers, OpenedConnectionsAreCounted) {
  const auto opened = [&] {
    std::array<uint64_t, 2> all{};
    for (uint32_t endpoint = 1; endpoint < 16; ++endpoint)
      for (size_t side = 0; side < 2; ++side) all[side] += counts(endpoint).opened[side];
    return all;
  };
  const auto before = opened();
  out(syn_);
  out(syn_);
  in(reply(syn_));
  out(with_flags(syn_, kAck));
  in(packet::opening(ip("10.0.1.2"), ip("10.0.0.1"), net::kUdp, port(53)));
  auto after = before;
  after[SLUICE_INGRESS] += 1;
  after[SLUICE_EGRESS] += 2;
  EXPECT_EQ(opened(), after) << "the SYN that is sent again counts again";
  ASSERT_TRUE(engine_->put(World(ip("10.0.0.1")).isolate(SLUICE_EGRESS).image()).ok());
  out(datagram_);
  EXPECT_EQ(opened(), after) << "denied";
}

std::string engine_name(const ::testing::TestParamInfo<Make>& info) {
  return info.param == &user_engine ? "User" : "Kernel";
}

INSTANTIATE_TEST_SUITE_P(Each, FlowTable, ::testing::Values(&user_engine, &kernel_engine), engine_name);
INSTANTIATE_TEST_SUITE_P(Each, Answers, ::testing::Values(&user_engine, &kernel_engine), engine_name);

}  // namespace
}  // namespace sluice::testing
