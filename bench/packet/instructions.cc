#include "bench/packet/instructions.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sluice::bench {

using base::Error;
using base::Result;

Result<InstructionCounter> InstructionCounter::open() {
  perf_event_attr what{};
  what.size = sizeof what;
  what.type = PERF_TYPE_HARDWARE;
  what.config = PERF_COUNT_HW_INSTRUCTIONS;
  what.disabled = 1;
  base::Fd fd(static_cast<int>(::syscall(SYS_perf_event_open, &what, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!fd.valid()) return Error::from_errno(errno, "perf_event_open: instructions");
  return InstructionCounter(std::move(fd));
}

Result<uint64_t> InstructionCounter::during(const std::function<base::Status()>& work) const {
  ::ioctl(fd_.get(), PERF_EVENT_IOC_RESET, 0);
  ::ioctl(fd_.get(), PERF_EVENT_IOC_ENABLE, 0);
  const base::Status done = work();
  ::ioctl(fd_.get(), PERF_EVENT_IOC_DISABLE, 0);
  if (!done) return done.error();
  uint64_t count = 0;
  if (::read(fd_.get(), &count, sizeof count) != sizeof count)
    return Error::from_errno(errno, "read the instruction counter");
  return count;
}

Result<double> instructions_of_pass(const InstructionCounter& counter, Driver& driver) {
  auto count = counter.during([&driver] {
    auto time = driver.pass();
    return time ? base::done() : base::Status(time.error());
  });
  if (!count) return count.error();
  return static_cast<double>(*count) / static_cast<double>(driver.tuples());
}

}  // namespace sluice::bench
