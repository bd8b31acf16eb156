#include "agent/explain/wire/check_reply.h"

#include <gtest/gtest.h>

#include "tests/oracle/names.h"
#include "tests/oracle/random_cluster.h"

namespace sluice::explain::wire {
namespace {

// Law 1.
TEST(CheckReply, GoesThereAndBack) {
  size_t denied = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    model::Cluster world = oracle::random_cluster(seed, 10);
    if (seed % 2 == 0) {
      world = oracle::with_names(oracle::with_tiers(std::move(world), seed), seed);
      world.resolved = oracle::random_resolved(world, seed);
    }
    for (const model::Probe& probe : oracle::random_probes(world, seed, 30)) {
      const auto answer = check(world, probe, true);
      if (!answer) continue;
      denied += answer->verdict() == model::Verdict::kDeny;
      const Answer back = answer_of(reply_of(*answer));
      EXPECT_EQ(to_text(back, false), to_text(*answer, false));
      EXPECT_EQ(to_json(back), to_json(*answer));
    }
  }
  EXPECT_GT(denied, 50u);
}

TEST(CheckReply, OfANameGoesThereAndBack) {
  size_t names = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    model::Cluster world =
        oracle::with_names(oracle::with_tiers(oracle::random_cluster(seed, 10), seed), seed);
    world.resolved = oracle::random_resolved(world, seed);
    Checker checker(world, true);
    for (const model::Probe& probe : oracle::random_probes(world, seed, 5))
      for (const auto& [name, addresses] : world.resolved) {
        const auto answer = checker.check(name, probe);
        if (!answer) continue;
        ++names;
        const v1::CheckReply reply = reply_of(*answer);
        EXPECT_EQ(to_json(answer_of(reply)), to_json(answer->deciding()));
        EXPECT_EQ(to_text(name_answer_of(reply), false), to_text(*answer, false));
        EXPECT_EQ(to_json(name_answer_of(reply)), to_json(*answer));
      }
  }
  EXPECT_GT(names, 50u);
}

TEST(CheckReply, NothingInItMovesATerminalsCursor) {
  v1::CheckReply reply;
  reply.set_from("\033[2Ja/b");
  reply.mutable_egress()->add_rules("x\033]0;y\a");
  reply.mutable_egress()->set_opinion("allow");
  reply.add_endpoints()->set_ip("no address");
  const std::string text = to_text(answer_of(reply), false);
  EXPECT_EQ(text.find('\033'), std::string::npos) << text;
  EXPECT_TRUE(answer_of(reply).endpoints.empty());
}

}  // namespace
}  // namespace sluice::explain::wire
