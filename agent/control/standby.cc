#include "agent/control/standby.h"

#include <system_error>
#include <utility>

namespace sluice::control {

base::Result<std::unique_ptr<Standby>> Standby::start(std::function<void()> task) try {
  std::unique_ptr<Standby> standby(new Standby);
  standby->thread_ = std::thread([due = standby->due_.get_future(), task = std::move(task)]() mutable {
    if (due.get()) task();
  });
  return standby;
} catch (const std::system_error& failure) {
  return base::Error::from_errno(failure.code().value(), "start a thread");
}

Standby::~Standby() {
  if (!thread_.joinable()) return;
  if (!due_was_set_) due_.set_value(false);
  thread_.join();
}

void Standby::go() {
  due_was_set_ = true;
  due_.set_value(true);
}

}  // namespace sluice::control
