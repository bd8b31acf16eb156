#include "agent/times/clock/alarm.h"

#include <sys/timerfd.h>

#include <algorithm>

namespace sluice::times::clock {

using base::Error;

namespace {

// What every kernel's clock can be set to wait for.
constexpr Instant kNever = std::chrono::sys_days(std::chrono::year(2200) / 1 / 1);

}  // namespace

base::Result<Alarm> Alarm::open() {
  base::Fd fd(::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!fd.valid()) return Error::from_errno(errno, "hours of policies: make a timer");
  return Alarm(std::move(fd));
}

base::Status Alarm::set(std::optional<Instant> at) {
  constexpr Instant kLongAgo{std::chrono::seconds(1)};
  const auto arm = [this](Instant moment) {
    itimerspec when{};
    when.it_value.tv_sec = moment.time_since_epoch().count();
    return ::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, nullptr) == 0;
  };
  if (arm(std::clamp(at.value_or(kNever), kLongAgo, kNever))) return base::done();
  // The clock was set since the last take(), which this call made forgotten: it is an occasion all the same.
  if (errno == ECANCELED && arm(kLongAgo)) return base::done();
  return Error::from_errno(errno, "hours of policies: set a timer");
}

base::Status Alarm::take() {
  uint64_t expirations = 0;
  // ECANCELED: the clock was set.
  if (::read(fd_.get(), &expirations, sizeof expirations) < 0 && errno != ECANCELED && errno != EAGAIN)
    return Error::from_errno(errno, "hours of policies: read a timer");
  return base::done();
}

}  // namespace sluice::times::clock
