#include "agent/compile/content/fold.h"

#include <gtest/gtest.h>

#include "agent/compile/compiler.h"
#include "tests/oracle/random_cluster.h"

namespace sluice::compile {
namespace {

// The law, on every rule set with tiers of a random cluster and every identity, asked in one go and alone.
TEST(Fold, IsWhatTheTiersSayOneByOne) {
  size_t asked = 0, answers = 0;
  for (uint64_t seed = 1; seed <= 80; ++seed) {
    const model::Cluster world = oracle::with_tiers(oracle::random_cluster(seed, 25), seed);
    std::vector<LocalPod> locals;
    for (const auto& [name, pod] : world.pods)
      if (pod.node_name == world.pods.begin()->second.node_name) locals.push_back({name, 0});
    Compiler compiler(world.pods.begin()->second.node_name);
    ASSERT_TRUE(compiler.update(model::difference({}, world), locals).ok());
    const Compilation& compilation = compiler.compilation();
    const IdentityContent nobody;
    std::vector<const IdentityContent*> identities = {&nobody};
    compilation.identities().for_each_live(
        [&](IdentityId, const IdentityContent& content) { identities.push_back(&content); });
    for (const auto& [id, live] : compilation.local_rules().rulesets()) {
      if (!live.content.tiers) continue;
      Fold fold(live.content, identities);
      std::set<const Fold::Answer*> different;
      for (const IdentityContent* identity : identities) {
        const Fold::Answer& answer = fold.of(*identity);
        EXPECT_EQ(answer.allowed, folded(live.content, *identity)) << seed << " " << id.to_text();
        EXPECT_EQ(answer.ref, ref_of(answer.allowed));
        different.insert(&answer);
        ++asked;
      }
      answers += different.size();
    }
  }
  EXPECT_GT(asked, 10'000u);
  EXPECT_LT(answers, asked / 2) << "what comes out alike is kept once";
}

}  // namespace
}  // namespace sluice::compile
