// CpuVisits: a thread that runs on every CPU once when asked, one after the other: proof that
// whatever may not be preempted there has ended since. For sched_setaffinity(2) returns on the
// CPU that was asked for, and a CPU switches to a thread only where nothing runs with preemption
// or bottom halves disabled.
//
// Laws:
//  1. run() is true only if every online CPU was visited after the call began; it is false where
//     one was not, or where no thread can be started.
//  2. run() waits no longer than its limit: a CPU may be kept by a real-time thread, or may not
//     be this process's to run on (cpuset).
//  3. The thread starts with the first run(). The destructor waits for the round under way, for
//     as long as such a CPU is kept.
//
// One caller at a time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace sluice::kernel {

class CpuVisits {
 public:
  CpuVisits() = default;
  ~CpuVisits();
  CpuVisits(const CpuVisits&) = delete;
  CpuVisits& operator=(const CpuVisits&) = delete;

  bool run(std::chrono::milliseconds most);
  // Ends its thread; the next run() starts another, with what its caller may do by then.
  void rest();

 private:
  bool start();
  void work();

  std::mutex mutex_;
  std::condition_variable asked_, answered_;
  uint64_t wanted_ = 0, ended_ = 0;  // rounds
  bool visited_ = false;             // all of them, in the round that ended last
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace sluice::kernel
