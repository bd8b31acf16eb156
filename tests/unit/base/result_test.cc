#include "agent/base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <type_traits>

namespace sluice::base {
namespace {

TEST(Error, SaysWhatAndHasNoErrno) {
  const Error error("port 0 is not between 1 and 65535");
  EXPECT_EQ(error.message(), "port 0 is not between 1 and 65535");
  EXPECT_EQ(error.code(), 0);
}

TEST(Error, FromErrnoSaysWhatAndWhy) {
  struct Row {
    int code;
    const char *what, *message;
  };
  const Row rows[] = {
      {ENOENT, "open /x", "open /x: No such file or directory"},
      {EACCES, "open /x", "open /x: Permission denied"},
      {E2BIG, "map rules", "map rules: Argument list too long"},
  };
  for (const auto& row : rows) {
    const Error error = Error::from_errno(row.code, row.what);
    EXPECT_EQ(error.message(), row.message);
    EXPECT_EQ(error.code(), row.code) << row.message;
  }
}

TEST(Error, ContextIsAddedOnTheWayUpAndTheErrnoStays) {
  const Error deepest = Error::from_errno(EACCES, "open /p/flows");
  const Error error = deepest.within("attach prod/web-0").within("first state");
  EXPECT_EQ(error.message(), "first state: attach prod/web-0: open /p/flows: Permission denied");
  EXPECT_EQ(error.code(), EACCES);
  EXPECT_EQ(deepest.message(), "open /p/flows: Permission denied") << "the error below is not changed";
}

Result<int> half(int number) {
  if (number % 2 != 0) return Error(std::to_string(number) + " is odd");
  return number / 2;
}

TEST(Result, IsAValueOrAnError) {
  const Result<int> good = half(8), bad = half(7);
  EXPECT_TRUE(good.ok());
  EXPECT_TRUE(static_cast<bool>(good));
  EXPECT_EQ(good.value(), 4);
  EXPECT_EQ(*good, 4);
  EXPECT_FALSE(bad.ok());
  EXPECT_FALSE(static_cast<bool>(bad));
  EXPECT_EQ(bad.error().message(), "7 is odd");
}

TEST(Result, TakingTheWrongOneThrows) {
  EXPECT_THROW((void)half(7).value(), std::bad_variant_access);
  EXPECT_THROW((void)*half(7), std::bad_variant_access);
  EXPECT_THROW((void)half(8).error(), std::bad_variant_access);
}

TEST(Result, AnErrorAsAValueIsNotTakenForAFailure) {
  struct Report {
    Error worst;
  };
  const Result<Report> report = Report{Error("found, not failed")};
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report->worst.message(), "found, not failed");
}

TEST(Result, TheValueCanBeChangedInPlace) {
  Result<std::string> text = std::string("ab");
  text->push_back('c');
  *text += 'd';
  text.value() += 'e';
  EXPECT_EQ(*text, "abcde");
}

TEST(Result, WhatCannotBeCopiedIsMovedOut) {
  Result<std::unique_ptr<int>> owner = std::make_unique<int>(7);
  const std::unique_ptr<int> taken = *std::move(owner);
  EXPECT_EQ(*taken, 7);
  Result<std::unique_ptr<int>> other = std::make_unique<int>(8);
  EXPECT_EQ(*std::move(other).value(), 8);
}

TEST(Result, WithinAddsContextToAnErrorOnly) {
  EXPECT_EQ(*half(8).within("halve"), 4);
  EXPECT_EQ(half(7).within("halve").within("probe 3").error().message(), "probe 3: halve: 7 is odd");
}

TEST(Status, IsDoneOrAnError) {
  EXPECT_TRUE(done().ok());
  const Status failed = Error("no");
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message(), "no");
}

}  // namespace
}  // namespace sluice::base
