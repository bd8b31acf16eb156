#include "agent/kernel/log/verifier_log.h"

#include <gtest/gtest.h>

namespace sluice::kernel::log {
namespace {

TEST(VerifierLog, ItsEndIsOneLine) {
  EXPECT_EQ(end_of_verifier_log(""), "");
  EXPECT_EQ(end_of_verifier_log("R1 offset is outside of the packet\nprocessed 5 insns\n\n"),
            "R1 offset is outside of the packet | processed 5 insns");
  const std::string shown = end_of_verifier_log(std::string(5000, 'x') + "\nwhy\n");
  EXPECT_LT(shown.size(), 700U);
  EXPECT_TRUE(shown.starts_with("…") && shown.ends_with(" | why")) << shown;
}

TEST(VerifierLog, CountsInstructionsWhereItSaysSo) {
  EXPECT_EQ(verified_instructions("verification time 98113 usec\nstack depth 112+8\n"
                                  "processed 61234 insns (limit 1000000) max_states_per_insn 29\n"),
            61234U);
  for (const char* none : {"", "processed", "processed many insns", "processed 12"})
    EXPECT_FALSE(verified_instructions(none).has_value()) << none;
}

}  // namespace
}  // namespace sluice::kernel::log
