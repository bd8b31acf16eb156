// The line that an agent leaves which cannot run.
#include "agent/base/cannot_run.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace sluice::base {
namespace {

namespace fs = std::filesystem;

class CannotRunTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/sluice-base-test-XXXXXX";
    directory_ = ::mkdtemp(pattern);
    socket_ = directory_ + "/sluice.sock";
  }
  void TearDown() override { fs::remove_all(directory_); }
  std::string directory_, socket_;
};

TEST_F(CannotRunTest, IsReadAsItWasWrittenUntilItIsRemoved) {
  EXPECT_FALSE(read_cannot_run(socket_));
  ASSERT_TRUE(write_cannot_run(socket_, "load:\nrefused"));
  ASSERT_TRUE(read_cannot_run(socket_));
  EXPECT_EQ(read_cannot_run(socket_)->why, "load: refused") << "one line";
  struct stat info {};
  ASSERT_EQ(::stat(cannot_run_file(socket_).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_TRUE(remove_cannot_run(socket_));
  EXPECT_TRUE(remove_cannot_run(socket_)) << "again: nothing to do";
  EXPECT_FALSE(read_cannot_run(socket_));
}

TEST_F(CannotRunTest, ALaterFailureChangesTheLineAndNotSinceWhen) {
  ASSERT_TRUE(write_cannot_run(socket_, "the first"));
  const auto first = fs::last_write_time(cannot_run_file(socket_)) - std::chrono::hours(1);
  fs::last_write_time(cannot_run_file(socket_), first);
  const auto since = read_cannot_run(socket_)->since;
  ASSERT_TRUE(write_cannot_run(socket_, "2"));
  EXPECT_EQ(read_cannot_run(socket_)->why, "2");
  EXPECT_EQ(read_cannot_run(socket_)->since, since);
}

TEST_F(CannotRunTest, WhatIsNoSuchFileSaysNothingAndALongLineIsCut) {
  ASSERT_TRUE(write_cannot_run(socket_, std::string(5000, 'x')));
  EXPECT_EQ(read_cannot_run(socket_)->why, std::string(2000, 'x'));
  ASSERT_TRUE(remove_cannot_run(socket_));
  fs::create_symlink("/etc/hostname", cannot_run_file(socket_));
  EXPECT_FALSE(read_cannot_run(socket_)) << "a link";
  EXPECT_FALSE(write_cannot_run(socket_, "x"));
  fs::remove(cannot_run_file(socket_));
  fs::create_directory(cannot_run_file(socket_));
  EXPECT_FALSE(read_cannot_run(socket_)) << "a directory";
  EXPECT_FALSE(write_cannot_run(directory_ + "/missing/s", "x"));
}

}  // namespace
}  // namespace sluice::base
