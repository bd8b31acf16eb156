#include "agent/control/upkeep/retry.h"

#include <gtest/gtest.h>

namespace sluice::control::upkeep {
namespace {

TEST(Retry, WhatIsDoneIsNotDoneAgain) {
  boost::asio::io_context loop;
  Retry retry(loop);
  int again = 0;
  retry.later([&] { ++again; });
  retry.later([&] { ++again; });
  retry.done();
  loop.run();
  EXPECT_EQ(again, 0);
}

}  // namespace
}  // namespace sluice::control::upkeep
