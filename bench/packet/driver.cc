#include "bench/packet/driver.h"

#include <bpf/bpf.h>

#include <algorithm>

#include "agent/kernel/log/libbpf_log.h"
#include "driver.skel.h"

namespace sluice::bench {
namespace {

using base::Error;
using base::Result;
using base::Status;

struct Extent {
  const char* program;
  size_t offset, bytes;
};
constexpr Extent kExtents[] = {
#define BENCH_EXTENT(name, offset, bytes) {"drive_" #name, offset, bytes},
    BENCH_SHAPES(BENCH_EXTENT)
#undef BENCH_EXTENT
};
const Extent& extent_of(Shape shape) {
  return kExtents[static_cast<size_t>(shape)];
}

// The kernel gives whole nanoseconds a packet: parts of a pass, averaged, give their fractions.
constexpr size_t kPart = 512;

}  // namespace

void Driver::Close::operator()(sluice_driver* skeleton) const noexcept {
  sluice_driver__destroy(skeleton);
}
Driver::Driver(Driver&&) noexcept = default;
Driver& Driver::operator=(Driver&&) noexcept = default;
Driver::~Driver() = default;

Result<Driver> Driver::load(int program_fd, Shape shape, const std::vector<packet::Bytes>& frames,
                            const Reports* reports) {
  kernel::log::route_libbpf_log();
  Driver driver;
  driver.tuples_ = frames.size();
  driver.frame_ = frames.front();
  if (frames.size() > BENCH_MAX_TUPLES || (frames.size() & (frames.size() - 1)) != 0)
    return Error("driver: " + std::to_string(frames.size()) + " tuples: not a power of two up to " +
                 std::to_string(BENCH_MAX_TUPLES));
  driver.skeleton_.reset(sluice_driver__open());
  if (!driver.skeleton_) return Error::from_errno(errno, "open the driver");
  if (auto ready = driver.set_up(program_fd, shape, reports); !ready) return ready.error();
  if (auto written = driver.write_tuples(shape, frames); !written) return written.error();
  return driver;
}

Status Driver::set_up(int program_fd, Shape shape, const Reports* reports) {
  sluice_driver& skeleton = *skeleton_;
  for (bpf_program* program = nullptr; (program = bpf_object__next_program(skeleton.obj, program));)
    bpf_program__set_autoload(program, bpf_program__name(program) == std::string(extent_of(shape).program));
  skeleton.rodata->bench_last_tuple = static_cast<uint32_t>(tuples_ - 1);
  int code =
      bpf_map__set_value_size(skeleton.maps.bench_tuples, static_cast<uint32_t>(extent_of(shape).bytes));
  if (code == 0) code = bpf_map__set_max_entries(skeleton.maps.bench_tuples, static_cast<uint32_t>(tuples_));
  if (code == 0 && reports) {
    skeleton.rodata->bench_reports_of = reports->endpoint;
    code = bpf_map__reuse_fd(skeleton.maps.bench_stats, reports->stats_fd);
  }
  if (code == 0) code = sluice_driver__load(&skeleton);
  if (code != 0) return Error::from_errno(-code, "load the driver");
  fd_ = bpf_program__fd(bpf_object__find_program_by_name(skeleton.obj, extent_of(shape).program));
  const uint32_t first = 0;
  code = bpf_map_update_elem(bpf_map__fd(skeleton.maps.bench_target), &first, &program_fd, BPF_ANY);
  return code == 0 ? base::done() : Status(Error::from_errno(-code, "drive a program"));
}

Status Driver::write_tuples(Shape shape, const std::vector<packet::Bytes>& frames) {
  const auto [name, offset, bytes] = extent_of(shape);
  constexpr size_t kChecksum = 24, kChecksumBytes = 2;  // IPv4's: nobody reads it
  const int fd = bpf_map__fd(skeleton_->maps.bench_tuples);
  for (uint32_t i = 0; i < frames.size(); ++i) {
    const packet::Bytes& frame = frames[i];
    for (size_t at = 0; at < std::max(frame.size(), frame_.size()); ++at) {
      const bool told = (at >= offset && at < offset + bytes) || at - kChecksum < kChecksumBytes;
      if (frame.size() != frame_.size() || (!told && frame[at] != frame_[at]))
        return Error(std::string("driver: ") + name + ": frames differ at byte " + std::to_string(at));
    }
    if (bpf_map_update_elem(fd, &i, frame.data() + offset, BPF_ANY) != 0)
      return Error::from_errno(errno, "write tuples");
  }
  return base::done();
}

Result<int> Driver::verdict(size_t index) {
  skeleton_->bss->bench_next = static_cast<uint32_t>(index);
  bpf_test_run_opts run{};
  run.sz = sizeof run;
  run.data_in = frame_.data();
  run.data_size_in = static_cast<uint32_t>(frame_.size());
  run.repeat = 1;
  if (const int code = bpf_prog_test_run_opts(fd_, &run); code != 0)
    return Error::from_errno(-code, "test run");
  if (run.retval == BENCH_LOST) return Error("test run: the driver did not reach the program");
  return static_cast<int>(run.retval);
}

Result<Nanoseconds> Driver::part(size_t packets) {
  bpf_test_run_opts run{};
  run.sz = sizeof run;
  run.data_in = frame_.data();
  run.data_size_in = static_cast<uint32_t>(frame_.size());
  run.repeat = static_cast<int>(packets);
  if (const int code = bpf_prog_test_run_opts(fd_, &run); code != 0)
    return Error::from_errno(-code, "test run");
  return Nanoseconds(static_cast<double>(run.duration) * static_cast<double>(packets));
}

Result<Nanoseconds> Driver::pass() {
  skeleton_->bss->bench_next = 0;
  Nanoseconds total{0};
  for (size_t done = 0; done < tuples_; done += kPart) {
    auto time = part(std::min(kPart, tuples_ - done));
    if (!time) return time;
    total += *time;
  }
  return total;
}

}  // namespace sluice::bench
