// Driver: runs a program on one tuple after another, in the kernel, by BPF_PROG_TEST_RUN with repeats
// (driver.bpf.c). Laws: frames differ only in the bytes of their shape (checked); their number is a power of
// two, at most BENCH_MAX_TUPLES. Needs root. One thread.
#pragma once

#include <memory>
#include <vector>

#include "agent/base/result.h"
#include "agent/packet/build.h"
#include "bench/harness/rounds.h"
#include "bench/packet/shapes.h"

struct sluice_driver;  // the libbpf skeleton

namespace sluice::bench {

enum class Shape {
#define BENCH_ENUM(name, offset, bytes) name,
  BENCH_SHAPES(BENCH_ENUM)
#undef BENCH_ENUM
};

// Each packet finds its endpoint's report window open, so that it is reported if it is denied.
struct Reports {
  int stats_fd;
  uint32_t endpoint;
};

class Driver {
 public:
  static base::Result<Driver> load(int program_fd, Shape shape, const std::vector<packet::Bytes>& frames,
                                   const Reports* reports = nullptr);
  Driver(Driver&&) noexcept;
  Driver& operator=(Driver&&) noexcept;
  ~Driver();

  size_t tuples() const { return tuples_; }
  // What the program says to tuple `index`: a tc code.
  base::Result<int> verdict(size_t index);
  // Every tuple once, in order: the whole time, as the kernel measures it.
  base::Result<Nanoseconds> pass();
  // The same by `packets` at a time, as many times as there are parts.
  base::Result<Nanoseconds> part(size_t packets);

 private:
  struct Close {
    void operator()(sluice_driver* skeleton) const noexcept;
  };
  Driver() = default;
  base::Status set_up(int program_fd, Shape shape, const Reports* reports);
  base::Status write_tuples(Shape shape, const std::vector<packet::Bytes>& frames);

  std::unique_ptr<sluice_driver, Close> skeleton_;
  packet::Bytes frame_;
  size_t tuples_ = 0;
  int fd_ = -1;
};

}  // namespace sluice::bench
