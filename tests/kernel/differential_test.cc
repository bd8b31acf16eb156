// Both targets on frames that nobody thought of: random ones made from good ones must get the same verdict,
// for the same reason, with the same report. The seed is fixed; SLUICE_SEED=N tries another.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/kernel/engine.h"
#include "tests/kernel/frames.h"
#include "tests/kernel/run.h"

namespace sluice::testing {
namespace {

constexpr int kFrames = 2000;
constexpr uint64_t kSeed = 20240229;

uint64_t seed() {
  const char* given = std::getenv("SLUICE_SEED");
  return given ? std::strtoull(given, nullptr, 10) : kSeed;
}

std::string hex(const Bytes& bytes) {
  std::string text;
  for (uint8_t byte : bytes) text += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  return text;
}

// What both must agree on. Times differ; the report's rate too, should the machine stand still for a second.
struct Seen {
  bool passes = false;
  int reason = SLUICE_ALLOWED_FLOW;  // of which nothing is counted
  uint64_t bytes = 0;
  bool operator==(const Seen&) const = default;
};
Seen seen(const Outcome& outcome) {
  Seen seen{outcome.passes};
  for (int reason = 0; reason < SLUICE_REASON_COUNT; ++reason)
    for (const sluice_counter& counter : outcome.counted[static_cast<size_t>(reason)])
      if (counter.packets != 0) seen.reason = reason, seen.bytes += counter.bytes;
  return seen;
}

TEST(Differential, BothTargetsAgreeOnMutatedFrames) {
  auto kernel = kernel_engine();
  if (!kernel) GTEST_SKIP() << "loading programs needs root";
  auto user = user_engine();
  std::mt19937_64 random(seed());
  const std::vector<Bytes> seeds = seed_frames();
  int passed = 0;
  for (int i = 0; i < kFrames; ++i) {
    if (i % 500 == 0) {
      for (Engine* engine : {kernel.get(), user.get()}) {
        engine->reset();
        ASSERT_TRUE(engine->put(fixed_world().image()).ok());
      }
    }
    const Bytes frame = mutated(seeds[random() % seeds.size()], random);
    const auto hook = random() % 2 ? SLUICE_EGRESS : SLUICE_INGRESS;
    auto in_kernel = kernel->run(hook, frame, kPodInterface), in_user = user->run(hook, frame, kPodInterface);
    ASSERT_TRUE(in_user);
    if (!in_kernel) {
      ASSERT_TRUE(may_be_refused(frame)) << hex(frame);
      continue;
    }
    passed += in_user->passes;
    ASSERT_EQ(seen(*in_kernel), seen(*in_user))
        << "SLUICE_SEED=" << seed() << ", frame " << i << (hook == SLUICE_EGRESS ? " from_pod " : " to_pod ")
        << hex(frame) << ": kernel " << seen(*in_kernel).reason << ", user " << seen(*in_user).reason;
  }
  EXPECT_GT(passed, kFrames / 20) << "the frames test nothing";
  EXPECT_LT(passed, kFrames * 19 / 20) << "the frames test nothing";
}

}  // namespace
}  // namespace sluice::testing
