#include "agent/kernel/test_run.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <vector>

namespace sluice::kernel {

base::Result<TestRun> test_run(const Programs& programs, sluice_direction direction,
                               std::span<const uint8_t> packet, const TestRunOptions& options) {
  __sk_buff context{};
  context.ifindex = options.ifindex;
  context.mark = options.mark;
  std::vector<uint8_t> out(packet.size());
  bpf_test_run_opts run{};
  run.sz = sizeof run;
  run.data_in = packet.data();
  run.data_size_in = static_cast<uint32_t>(packet.size());
  run.data_out = out.data();
  run.data_size_out = static_cast<uint32_t>(out.size());
  run.ctx_in = &context;
  run.ctx_size_in = sizeof context;
  run.repeat = options.repeat;
  if (const int code = bpf_prog_test_run_opts(programs.program_fd(direction), &run); code != 0) {
    return base::Error::from_errno(-code, "test run of " + std::to_string(packet.size()) + " bytes");
  }
  TestRun result;
  result.verdict = static_cast<int>(run.retval);
  result.unchanged =
      run.data_size_out == packet.size() && std::equal(packet.begin(), packet.end(), out.begin());
  result.nanoseconds = run.duration;
  return result;
}

}  // namespace sluice::kernel
