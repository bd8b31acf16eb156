#include "agent/lab/journal.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace sluice::lab {
namespace {

using ::testing::HasSubstr;

class JournalFile : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-journal-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    base_ = name;
    dir_ = base_ + "/state";
  }
  void TearDown() override {
    ::unlink((dir_ + "/journal").c_str());
    ::rmdir(dir_.c_str());
    ::rmdir(base_.c_str());
  }
  std::string base_, dir_;
};

TEST_F(JournalFile, KeepsStepsInOrderUntilItIsFinished) {
  const std::vector<Step> steps = {{Verb::kNetnsDir, "/run/netns", ""},
                                   {Verb::kSysctl, "net/ipv6/conf/all/forwarding", "0"},
                                   {Verb::kLink, "slc0123456789ab", "02:00:00:00:00:01"},
                                   {Verb::kNetnsIs, "sluice-a-b", "4:4026531840"}};
  {
    auto journal = Journal::begin(dir_);
    ASSERT_TRUE(journal.ok()) << journal.error().message();
    for (const Step& step : steps) ASSERT_TRUE(journal->record(step).ok());
  }
  struct stat st {};
  ASSERT_EQ(::stat(dir_.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0700u);
  auto journal = Journal::resume(dir_);
  ASSERT_TRUE(journal.ok() && journal->has_value());
  EXPECT_EQ((*journal)->steps(), steps);
  ASSERT_TRUE((*journal)->finish().ok());
  EXPECT_NE(::access(dir_.c_str(), F_OK), 0);
}

TEST_F(JournalFile, WhatABeginLeftThatWasKilledBeforeItsFileGoesToo) {
  ASSERT_EQ(::mkdir(dir_.c_str(), 0700), 0);
  const auto none = Journal::resume(dir_);
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->has_value());
  EXPECT_NE(::access(dir_.c_str(), F_OK), 0);
}

TEST_F(JournalFile, OneLabAtATime) {
  auto first = Journal::begin(dir_);
  ASSERT_TRUE(first.ok());
  const auto meanwhile = Journal::begin(dir_);
  ASSERT_FALSE(meanwhile.ok());
  EXPECT_THAT(meanwhile.error().message(), HasSubstr("another lab command is running"));
  { const auto ended = std::move(*first); }
  const auto second = Journal::begin(dir_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message(), "a lab is already up: run \"sluicectl lab down\" first");
}

TEST_F(JournalFile, ALineWithoutAnEndWasNeverActedOn) {
  { ASSERT_TRUE(Journal::begin(dir_)->record({Verb::kNetns, "sluice-a-b", ""}).ok()); }
  std::ofstream(dir_ + "/journal", std::ios::app) << "netns sluice-a-";
  auto journal = Journal::resume(dir_);
  ASSERT_TRUE(journal.ok()) << journal.error().message();
  EXPECT_EQ((*journal)->steps(), (std::vector<Step>{{Verb::kNetns, "sluice-a-b", ""}}));
}

TEST_F(JournalFile, StepsThatLeadElsewhereAreRefused) {
  auto journal = Journal::begin(dir_);
  for (const Step& step :
       {Step{Verb::kNetns, "../../etc/passwd", ""}, Step{Verb::kNetns, "..", ""},
        Step{Verb::kSysctl, "net/../kernel/core_pattern", "x"}, Step{Verb::kLink, "a\tb", ""},
        Step{Verb::kDirectory, "relative", ""}, Step{Verb::kSysctl, "kernel/panic", "1"}}) {
    EXPECT_FALSE(journal->record(step).ok()) << to_text(step);
    EXPECT_FALSE(parse_step(to_text(step)).ok()) << to_text(step);
  }
}

TEST_F(JournalFile, ADirectoryOpenToOthersIsNotTrusted) {
  ASSERT_EQ(::mkdir(dir_.c_str(), 0700), 0);
  ASSERT_EQ(::chmod(dir_.c_str(), 0777), 0);
  EXPECT_THAT(Journal::begin(dir_).error().message(), HasSubstr("others may write to it"));
}

}  // namespace
}  // namespace sluice::lab
