#include "agent/times/clock/alarm.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "agent/times/clock/hours.h"

namespace sluice::times::clock {
namespace {

bool readable(const Alarm& alarm, int milliseconds) {
  pollfd entry{alarm.fd(), POLLIN, 0};
  return ::poll(&entry, 1, milliseconds) == 1;
}

TEST(Alarm, IsReadableOnceItsMomentIsThere) {
  auto alarm = Alarm::open();
  ASSERT_TRUE(alarm);
  const Instant at = now() + std::chrono::seconds(1);
  ASSERT_TRUE(alarm->set(at));
  EXPECT_TRUE(readable(*alarm, 10'000));
  EXPECT_GE(now(), at);
  ASSERT_TRUE(alarm->take());
  EXPECT_FALSE(readable(*alarm, 0));
}

TEST(Alarm, AMomentThatIsOverIsThere) {
  auto alarm = Alarm::open();
  ASSERT_TRUE(alarm);
  ASSERT_TRUE(alarm->set(Instant::min()));
  EXPECT_TRUE(readable(*alarm, 10'000));
}

TEST(Alarm, TheMomentBeforeIsForgotten) {
  auto alarm = Alarm::open();
  ASSERT_TRUE(alarm);
  ASSERT_TRUE(alarm->set(Instant::min()));
  ASSERT_TRUE(alarm->set(Instant::max()));
  EXPECT_FALSE(readable(*alarm, 0));
  ASSERT_TRUE(alarm->set(std::nullopt));
  EXPECT_FALSE(readable(*alarm, 0));
}

}  // namespace
}  // namespace sluice::times::clock
