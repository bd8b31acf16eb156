#include "agent/times/clock/hours.h"

#include <fcntl.h>

#include <algorithm>

namespace sluice::times::clock {

using base::Error;
using boost::system::error_code;

Instant now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

Hours::Hours(boost::asio::io_context& loop, base::Result<Alarm> alarm, Switched switched)
    : switched_(std::move(switched)), alarm_fd_(loop), plain_(loop) {
  if (auto following = follow(std::move(alarm)); !following) give_up(following.error());
}

base::Status Hours::follow(base::Result<Alarm> alarm) {
  if (!alarm) return alarm.error();
  // Asio closes what it is given, so it gets a descriptor of its own.
  base::Fd own(::fcntl(alarm->fd(), F_DUPFD_CLOEXEC, 0));
  if (!own.valid()) return Error::from_errno(errno, "hours of policies: duplicate a timer");
  error_code code;
  alarm_fd_.assign(own.get(), code);
  if (code) return Error::from_errno(code.value(), "hours of policies: wait for a timer");
  own.release();
  alarm_ = *std::move(alarm);
  watch();
  return base::done();
}

void Hours::give_up(const Error& error) {
  problem_ = error.message() + ": a clock that is set is noticed late, restart the agent once this is mended";
  alarm_.reset();
  error_code ignored;
  alarm_fd_.close(ignored);
  wait_plainly();
}

void Hours::watch() {
  alarm_fd_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const error_code& code) {
    if (code == boost::asio::error::operation_aborted || !alarm_) return;
    if (code) return give_up(Error::from_errno(code.value(), "hours of policies: wait for a timer"));
    if (auto taken = alarm_->take(); !taken) return give_up(taken.error());
    turn();
    if (alarm_) watch();
  });
}

void Hours::turn() {
  auto changes = calendar_.turn(now());
  wait_for_next();
  if (!changes.empty()) switched_(std::move(changes));
}

std::vector<model::Change> Hours::admit(std::vector<model::Change> changes) {
  auto admitted = calendar_.admit(std::move(changes), now());
  wait_for_next();
  return admitted;
}

// A clock that nobody's hours depend on need not be followed.
void Hours::wait_for_next() {
  if (!alarm_) return wait_plainly();
  if (calendar_.entries().empty()) return;
  if (auto set = alarm_->set(calendar_.next()); !set) give_up(set.error());
}

void Hours::wait_plainly() {
  if (calendar_.entries().empty()) return;
  const Instant latest = now() + kPlainWait, due = std::min(calendar_.next().value_or(latest), latest);
  plain_.expires_after(std::max(due - std::chrono::system_clock::now(), std::chrono::nanoseconds(0)));
  plain_.async_wait([this](const error_code& cancelled) {
    if (!cancelled) turn();
  });
}

}  // namespace sluice::times::clock
