// Every scenario through both targets, and no empty cell.
#include "tests/kernel/scenarios.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "tests/kernel/run.h"

namespace sluice::testing {
namespace {

// The rows of one feature, so that a failure names it.
class Scenarios : public ::testing::TestWithParam<Feature> {
 protected:
  static void run_all(Engine& engine, Feature feature) {
    for (const Scenario& scenario : all_rows().scenarios()) {
      if (scenario.feature != feature) continue;
      EXPECT_EQ(run(scenario, engine), "") << engine.name() << ": " << scenario.title();
    }
  }
};

TEST_P(Scenarios, User) {
  run_all(*user_engine(), GetParam());
}

TEST_P(Scenarios, Kernel) {
  static const std::unique_ptr<Engine> engine = kernel_engine();
  if (!engine) GTEST_SKIP() << "loading programs needs root";
  run_all(*engine, GetParam());
}

std::string feature_name(const ::testing::TestParamInfo<Feature>& info) {
  static const char* const kNames[] = {
#define SLUICE_NAME(Name, text) #Name,
      SLUICE_TEST_FEATURES(SLUICE_NAME)
#undef SLUICE_NAME
  };
  return kNames[static_cast<size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Each, Scenarios, ::testing::ValuesIn(all_features()), feature_name);

using Cell = std::tuple<Feature, sluice_direction, net::Family>;
Cell cell_of(Feature feature, const Ends& ends) {
  return {feature, ends.hook, ends.family};
}

TEST(Coverage, EveryCellHasARowOrSaysWhyNot) {
  std::set<Cell> rows, holes;
  for (const Scenario& scenario : all_rows().scenarios()) {
    EXPECT_FALSE(scenario.steps.empty()) << scenario.title();
    rows.insert(cell_of(scenario.feature, scenario.ends));
  }
  for (const Rows::Hole& hole : all_rows().holes()) {
    EXPECT_NE(hole.because, "") << text_of(hole.feature);
    holes.insert(cell_of(hole.feature, hole.ends));
  }
  for (Feature feature : all_features()) {
    for (const Ends& ends : all_ends()) {
      const Cell cell = cell_of(feature, ends);
      EXPECT_EQ(rows.count(cell) + holes.count(cell), 1U)
          << text_of(feature) << " [" << text_of(ends.hook) << ", " << net::to_text(ends.family)
          << "]: needs rows, or a reason why there are none, not both";
    }
  }
}

TEST(Coverage, EveryReasonIsWantedSomewhere) {
  std::set<uint8_t> wanted;
  for (const Scenario& scenario : all_rows().scenarios())
    for (const Step& step : scenario.steps) wanted.insert(step.reason);
  for (uint8_t reason = 0; reason < SLUICE_REASON_COUNT; ++reason)
    EXPECT_EQ(wanted.count(reason), 1U) << +reason;
}

}  // namespace
}  // namespace sluice::testing
