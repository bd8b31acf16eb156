// Standby: a thread that waits for the one thing that it is there to do, so that no limit of threads can keep
// it from being done once that is due.
//
// Laws: go() at most once; without it the task is not done. Destruction waits for the task. go() and
// destruction from one thread.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <thread>

#include "agent/base/result.h"

namespace sluice::control {

class Standby {
 public:
  static base::Result<std::unique_ptr<Standby>> start(std::function<void()> task);
  Standby(const Standby&) = delete;
  Standby& operator=(const Standby&) = delete;
  ~Standby();

  void go();

 private:
  Standby() = default;

  std::promise<bool> due_;  // false: never
  bool due_was_set_ = false;
  std::thread thread_;
};

}  // namespace sluice::control
