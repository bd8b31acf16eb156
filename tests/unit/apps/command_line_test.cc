#include "agent/apps/command_line.h"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <thread>

namespace sluice::apps {
namespace {

using ::testing::ExitedWithCode;

// As main() does it: what leaves it ends the program.
void main_that(const std::function<int()>& run) noexcept {
  (void)guarded(run);
}

TEST(Guarded, AnExceptionThatNobodyTookIsOneLineAndExitOne) {
  EXPECT_EXIT(main_that([]() -> int { throw std::bad_alloc(); }), ExitedWithCode(kExitFailed),
              "^unit_apps: ended: out of memory: raise the limit of memory that it runs under\n$");
  EXPECT_EXIT(main_that([]() -> int { throw std::runtime_error("epoll: Too many open files"); }),
              ExitedWithCode(kExitFailed), "^unit_apps: ended: epoll: Too many open files\n$");
}

TEST(Guarded, OnWhateverThread) {
  EXPECT_EXIT(main_that([] {
                std::thread([] { throw std::runtime_error("no more threads"); }).join();
                return 0;
              }),
              ExitedWithCode(kExitFailed), "ended: no more threads");
}

TEST(Guarded, GivesTheExitCodeOtherwise) {
  EXPECT_EQ(guarded([] { return 3; }), 3);
}

}  // namespace
}  // namespace sluice::apps
