// Instructions: how many the CPU retires, the kernel's included, while this thread works. Virtual machines
// often have no such counter. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "bench/packet/driver.h"

namespace sluice::bench {

class InstructionCounter {
 public:
  // An error says why there is none here.
  static base::Result<InstructionCounter> open();
  base::Result<uint64_t> during(const std::function<base::Status()>& work) const;

 private:
  explicit InstructionCounter(base::Fd fd) : fd_(std::move(fd)) {}
  base::Fd fd_;
};

// Instructions of one pass, a tuple.
base::Result<double> instructions_of_pass(const InstructionCounter& counter, Driver& driver);

}  // namespace sluice::bench
