// An agent of an earlier layout, as it was built then, is replaced under traffic by this one, and this one by it again.
// SLUICED_BEFORE: its sluiced; without one this is skipped (`make upgrades` builds one of each layout).
#include <cstdlib>

#include "tests/live/fault_fixture.h"

namespace sluice::live {
namespace {

class UpgradeTest : public FaultTest, public ::testing::WithParamInterface<int> {
 protected:
  // The agent ends by the signal, and another one starts over what it leaves.
  void replace_by(const std::string& program) {
    agent_.end(GetParam());
    program_ = program;
    start_agent();
    ASSERT_TRUE(eventually(&FaultTest::in_force)) << program;
  }
};

TEST_P(UpgradeTest, FromAndBackToAnEarlierLayoutWithoutAGap) {
  const char* earlier = std::getenv("SLUICED_BEFORE");
  if (earlier == nullptr) GTEST_SKIP() << "SLUICED_BEFORE names no sluiced";
  ASSERT_NO_FATAL_FAILURE(begin());
  for (const char* again : {"", " again"}) {
    ASSERT_NO_FATAL_FAILURE(replace_by(earlier));
    ASSERT_NO_FATAL_FAILURE(expect_traffic()) << "back" << again;
    change_policy();
    ASSERT_NO_FATAL_FAILURE(replace_by(SLUICED));
    ASSERT_NO_FATAL_FAILURE(expect_sound(std::string("upgraded") + again));
  }
}

INSTANTIATE_TEST_SUITE_P(Ends, UpgradeTest, ::testing::Values(SIGTERM, SIGKILL),
                         [](const auto& end) { return end.param == SIGTERM ? "Told" : "Killed"; });

}  // namespace
}  // namespace sluice::live
