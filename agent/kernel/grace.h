// Grace: waiting until every program run that is under way has ended.
//
// Laws:
//  1. tc programs run with bottom halves disabled: in softirq on the way in, inside
//     rcu_read_lock_bh() of __dev_queue_xmit() on the way out. Only PREEMPT_RT kernels preempt
//     that, and those are refused (loader.h); the programs' per-CPU memory relies on the same.
//  2. So once every CPU has switched to a thread of ours (cpu_visits.h) they have ended: a tenth
//     of a millisecond, some milliseconds where every CPU is busy.
//  3. Where that cannot be had in kMostVisits, RCU is asked, which takes milliseconds to tens of
//     them, and hundreds on a busy machine: an update of a map-of-maps from user space returns
//     after synchronize_rcu(), "so that userspace, when we return to it, knows that all programs
//     that could be running use the new map value" (kernel/bpf/syscall.c,
//     maybe_wait_bpf_programs(); since Linux 4.18, commit 1ae80cf31938).
//  4. What BPF_PROG_TEST_RUN runs is not waited for: some kernels preempt it.
//
// membarrier(2) MEMBARRIER_CMD_GLOBAL would do the same as RCU, but is refused with nohz_full and
// does nothing on a single CPU. One thread.
#pragma once

#include <memory>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "agent/kernel/cpu_visits.h"

namespace sluice::kernel {

inline constexpr std::chrono::milliseconds kMostVisits{20};

class Grace {
 public:
  static base::Result<Grace> create();
  base::Status wait() const;
  // By RCU alone.
  base::Status wait_for_rcu() const;
  // Ends the thread of its visits until they are wanted again.
  void rest() { visits_->rest(); }

 private:
  Grace(base::Fd inner, base::Fd outer)
      : inner_(std::move(inner)), outer_(std::move(outer)), visits_(std::make_unique<CpuVisits>()) {}
  base::Fd inner_, outer_;
  std::unique_ptr<CpuVisits> visits_;
};

}  // namespace sluice::kernel
