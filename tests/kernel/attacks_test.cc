// Every attack is tried: by a row on both targets, or with real interfaces.
#include "tests/kernel/attacks.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

TEST(Coverage, EveryAttackIsTried) {
  std::set<Attack> tried;
  for (const Scenario& scenario : all_rows().scenarios()) {
    if (!scenario.attack) continue;
    size_t attempts = 0;
    for (const Step& step : scenario.steps) attempts += step.attempt ? 1 : 0;
    EXPECT_GT(attempts, 0U) << scenario.title() << ": which of its packets is the attacker's?";
    tried.insert(*scenario.attack);
  }
  for (const Attack attack : all_attacks())
    EXPECT_TRUE(tried.contains(attack) || !text_of(attack).live.empty())
        << text_of(attack).name << ": needs a row, or a test with real interfaces";
}

}  // namespace
}  // namespace sluice::testing
