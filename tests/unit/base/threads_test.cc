#include "agent/base/threads.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace sluice::base {
namespace {

TEST(Threads, ThereIsRoomWhereNothingLimitsThem) {
  EXPECT_TRUE(check_thread_room(0).ok());
  EXPECT_TRUE(check_thread_room(20).ok());
}

// RLIMIT_NPROC counts the threads of a user, and binds none that is root.
[[noreturn]] void say_what_a_user_without_threads_hears() {
  const rlimit none{0, 0};
  if (::geteuid() == 0 && ::setuid(65534) != 0) std::_Exit(2);
  if (::setrlimit(RLIMIT_NPROC, &none) != 0) std::_Exit(2);
  const Status room = check_thread_room(13);
  std::fputs(room ? "room" : room.error().message().c_str(), stderr);
  std::_Exit(room ? 1 : 0);
}

TEST(Threads, WhatIsMissingIsNamedWithItsMend) {
  EXPECT_EXIT(say_what_a_user_without_threads_hears(), testing::ExitedWithCode(0),
              "13 more threads are needed, and 0 can be started: .*TasksMax.*pids.max.*ulimit");
}

TEST(Threads, SmallOnesAreStartedAllTheSame) {
  EXPECT_EXIT(
      {
        keep_threads_small();
        pthread_attr_t attributes;
        size_t stack = 0;
        if (::pthread_getattr_default_np(&attributes) == 0) ::pthread_attr_getstacksize(&attributes, &stack);
        std::_Exit(check_thread_room(5).ok() && stack == 1U << 20 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace sluice::base
