#include "agent/base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <type_traits>

namespace sluice::base {
namespace {

static_assert(!std::is_copy_constructible_v<Fd> && !std::is_copy_assignable_v<Fd>);
static_assert(std::is_nothrow_move_constructible_v<Fd> && std::is_nothrow_move_assignable_v<Fd>);
static_assert(sizeof(Fd) == sizeof(int));

int open_something() {
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_GE(fd, 0);
  return fd;
}

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

TEST(Fd, EmptyIsMinusOne) {
  Fd fd;
  EXPECT_EQ(fd.get(), -1);
  EXPECT_FALSE(fd.valid());
  EXPECT_EQ(fd.release(), -1);
  fd.close();
  EXPECT_FALSE(Fd(-1).valid());
  EXPECT_TRUE(Fd(open_something()).valid());
}

TEST(Fd, ClosesAtItsEnd) {
  const int number = open_something();
  {
    const Fd fd(number);
    EXPECT_EQ(fd.get(), number);
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(Fd, CloseClosesOnceAndLeavesItEmpty) {
  Fd fd(open_something());
  const int number = fd.get();
  fd.close();
  EXPECT_FALSE(fd.valid());
  EXPECT_FALSE(is_open(number));
  const Fd next(open_something());  // most likely the same number
  fd.close();
  EXPECT_TRUE(is_open(next.get())) << "a second close hit somebody else's descriptor";
}

TEST(Fd, ReleaseGivesItAway) {
  Fd fd(open_something());
  const int number = fd.release();
  EXPECT_FALSE(fd.valid());
  fd.close();
  EXPECT_TRUE(is_open(number));
  EXPECT_EQ(::close(number), 0);
}

TEST(Fd, MovingLeavesTheSourceEmpty) {
  Fd first(open_something());
  const int number = first.get();
  Fd second(std::move(first));
  EXPECT_EQ(first.get(), -1);  // NOLINT(bugprone-use-after-move): what a moved-from Fd is, is its law
  EXPECT_EQ(second.get(), number);
  EXPECT_TRUE(is_open(number));
}

TEST(Fd, AssigningClosesWhatWasHeld) {
  Fd held(open_something()), other(open_something());
  const int old = held.get(), taken = other.get();
  held = std::move(other);
  EXPECT_EQ(held.get(), taken);
  EXPECT_FALSE(is_open(old));
  EXPECT_TRUE(is_open(taken));
}

TEST(Fd, AssigningToItselfKeepsIt) {
  Fd fd(open_something());
  const int number = fd.get();
  Fd& same = fd;
  fd = std::move(same);
  EXPECT_EQ(fd.get(), number);
  EXPECT_TRUE(is_open(number));
}

}  // namespace
}  // namespace sluice::base
