// Grace: waiting until every program run that is under way has ended.
//
// An update of a map-of-maps from user space returns after synchronize_rcu(), "so that userspace, when we
// return to it, knows that all programs that could be running use the new map value" (kernel/bpf/syscall.c,
// maybe_wait_bpf_programs(); since Linux 4.18, commit 1ae80cf31938). tc programs and BPF_PROG_TEST_RUN run
// inside an RCU read section, so one update of a private map-of-maps is the wait. membarrier(2)
// MEMBARRIER_CMD_GLOBAL would do the same, but is refused with nohz_full and does nothing on a single CPU.
// One thread.
#pragma once

#include "agent/base/fd.h"
#include "agent/base/result.h"

namespace sluice::kernel {

class Grace {
 public:
  static base::Result<Grace> create();
  // Blocks for one grace period: some milliseconds to tens of them.
  base::Status wait() const;

 private:
  Grace(base::Fd inner, base::Fd outer) : inner_(std::move(inner)), outer_(std::move(outer)) {}
  base::Fd inner_, outer_;
};

}  // namespace sluice::kernel
