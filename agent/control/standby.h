// Standby: a thread that exists before its one task is due, so that no limit of threads can keep
// the task from being done.
//
// Laws:
//  1. go() is called at most once; without it the task is not done.
//  2. The destructor waits for the task.
//
// go() and the destructor are called from one thread.
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
