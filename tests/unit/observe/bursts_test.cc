// How many packets an event stands for.
#include "agent/observe/bursts.h"

#include <gtest/gtest.h>

namespace sluice::observe {
namespace {

sluice_event event(uint64_t pod, uint32_t suppressed, uint32_t lost = 0) {
  sluice_event made{};
  made.pod = pod;
  made.reason = SLUICE_DENIED_NO_RULE;
  made.suppressed = suppressed;
  made.lost = lost;
  return made;
}

TEST(Bursts, WhatWasSuppressedSinceTheEventBefore) {
  Bursts bursts;
  EXPECT_EQ(bursts.accept(event(1, 100, 5)).suppressed, 0u) << "before anybody was there";
  const auto told = bursts.accept(event(1, 130, 7));
  EXPECT_EQ(told.suppressed, 30u);
  EXPECT_EQ(told.lost, 2u);
  EXPECT_EQ(bursts.accept(event(1, 130, 7)).suppressed, 0u);
}

TEST(Bursts, EachPodPartAndKindByItself) {
  Bursts bursts;
  sluice_event allowed = event(1, 0);
  allowed.reason = SLUICE_ALLOWED_POLICY;
  sluice_event other_part = event(1, 0);
  other_part.part = 1;
  for (const auto& one : {event(1, 0), event(2, 0), allowed, other_part}) bursts.accept(one);
  EXPECT_EQ(bursts.accept(event(1, 9)).suppressed, 9u);
  EXPECT_EQ(bursts.accept(event(2, 4)).suppressed, 4u);
  allowed.suppressed = 3, allowed.lost = 8;
  EXPECT_EQ(bursts.accept(allowed).suppressed, 3u);
  other_part.suppressed = 2;
  EXPECT_EQ(bursts.accept(other_part).suppressed, 2u);
}

TEST(Bursts, LossesAreToldWithWhatIsDenied) {
  Bursts bursts;
  sluice_event allowed = event(1, 0);
  allowed.reason = SLUICE_ALLOWED_POLICY;
  bursts.accept(allowed);
  bursts.accept(event(1, 0));
  allowed.lost = 8;
  EXPECT_EQ(bursts.accept(allowed).lost, 0u);
  EXPECT_EQ(bursts.accept(event(1, 0, 8)).lost, 8u);
}

TEST(Bursts, CountersWrapAndAreCleared) {
  Bursts bursts;
  bursts.accept(event(1, UINT32_MAX - 1));
  EXPECT_EQ(bursts.accept(event(1, 3)).suppressed, 5u);
  bursts.accept(event(1, 1000));
  EXPECT_EQ(bursts.accept(event(1, 3)).suppressed, 3u) << "cleared meanwhile";
}

TEST(Bursts, TheEndOfABurstIsToldOnce) {
  Bursts bursts;
  const EventSource source = source_of(event(1, 0));
  EXPECT_EQ(bursts.settle(source, 50, 0).suppressed, 0u) << "never seen";
  bursts.accept(event(1, 0));
  EXPECT_EQ(bursts.settle(source, 50 + (1ULL << 32), 1).suppressed, 50u);
  EXPECT_EQ(bursts.settle(source, 50, 1).suppressed, 0u);
  EXPECT_EQ(bursts.accept(event(1, 51, 1)).suppressed, 1u);
}

}  // namespace
}  // namespace sluice::observe
