// Packets drawn at random: enough of them pass, and pings take every turn that their flows know.
#include <gtest/gtest.h>

#include <map>

#include "agent/reference/reference.h"
#include "tests/oracle/random_cluster.h"

namespace sluice::oracle {
namespace {

using model::Cluster;

constexpr uint64_t kSeeds = 120;
int size_of(uint64_t seed) {
  return 1 + static_cast<int>(seed % 40);
}

TEST(RandomSendings, NearlyHalfOfThemPass) {
  size_t sendings = 0, passed = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Cluster cluster = random_cluster(seed, size_of(seed));
    const reference::Reference reference(cluster);
    for (const reference::Sending& sending : random_sendings(cluster, seed, 50)) {
      ++sendings;
      passed += reference.evaluate(sending) == model::Verdict::kAllow;
    }
  }
  EXPECT_GT(passed, sendings * 40 / 100) << "of " << sendings;
  EXPECT_LT(passed, sendings * 55 / 100) << "of " << sendings;
}

// By its own rules alone, as if nothing had come before it.
bool passes_alone(const Cluster& cluster, const reference::Echo& echo) {
  return evaluate(cluster, reference::Echoes{{echo}, {}, {}}).front() == model::Verdict::kAllow;
}

TEST(RandomEchoes, TakeEveryTurn) {
  std::map<std::string, size_t> turns;
  size_t echoes = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Cluster cluster = random_cluster(seed, size_of(seed));
    Cluster later = cluster;
    const reference::Echoes drawn = random_echoes(cluster, seed, 60);
    for (const model::Change& change : drawn.changes) later.apply(change);
    const auto verdicts = evaluate(cluster, drawn);
    ASSERT_EQ(verdicts.size(), drawn.before.size() + drawn.after.size());
    for (size_t i = 0; i < verdicts.size(); ++i, ++echoes) {
      const bool is_after = i >= drawn.before.size();
      const reference::Echo& echo = is_after ? drawn.after[i - drawn.before.size()] : drawn.before[i];
      const bool passes = verdicts[i] == model::Verdict::kAllow;
      const bool alone = passes_alone(is_after ? later : cluster, echo);
      ++turns[passes ? "passes" : "is dropped"];
      if (passes && !alone)
        ++turns[echo.kind == reference::Echo::Kind::kReply ? "a reply that passes with its request"
                                                           : "other ICMP that passes with the pair's"];
      if (!passes && alone) ++turns["is dropped with what it belongs to"];
      if (echo.kind == reference::Echo::Kind::kReply && !passes) ++turns["a reply that is dropped"];
      if (is_after && passes_alone(cluster, echo) != alone) ++turns["a change reaches it"];
      ++turns[echo.own.family() == net::Family::kIpv4 ? "IPv4" : "IPv6"];
    }
  }
  for (const char* often : {"passes", "is dropped", "IPv4", "IPv6"})
    EXPECT_GT(turns[often], echoes * 20 / 100) << often << ", of " << echoes;
  for (const char* seldom : {"a reply that passes with its request", "a reply that is dropped"})
    EXPECT_GT(turns[seldom], echoes * 5 / 100) << seldom << ", of " << echoes;
  for (const char* rare : {"other ICMP that passes with the pair's", "is dropped with what it belongs to",
                           "a change reaches it"})
    EXPECT_GT(turns[rare], 50u) << rare << ", of " << echoes;
}

}  // namespace
}  // namespace sluice::oracle
