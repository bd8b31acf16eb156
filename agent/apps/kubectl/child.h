// A kubectl under way. Started by its words, found on PATH, never through a shell.
//
// One thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "agent/base/fd.h"
#include "agent/base/result.h"

namespace sluice::apps::kubectl {

inline constexpr size_t kMostOutput = 512UL << 20;  // of a kubectl that is read whole
inline constexpr size_t kLongestLine = 4UL << 20;

// Bytes as lines.
class Lines {
 public:
  // Reads what is there; false: it has ended. What has no newline at the end is a line too.
  base::Result<bool> read(int fd, std::vector<std::string>& lines);

 private:
  std::string rest_;
};

enum class Spoken { kCaptured, kPassed };  // standard output: through a pipe, or this process' own
enum class Asked {
  kNothing,
  kTerminal
};  // standard input: none, or this process' own, as standard error then

class Child {
 public:
  static base::Result<Child> start(const std::vector<std::string>& words, Spoken spoken,
                                   Asked asked = Asked::kNothing);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();  // what still runs is told to end, and waited for

  int output() const { return output_.get(); }
  int errors() const { return errors_.get(); }
  // Waits for its end; its exit code, 1 where a signal ended it.
  int wait();

 private:
  Child(pid_t pid, base::Fd output, base::Fd errors)
      : pid_(pid), output_(std::move(output)), errors_(std::move(errors)) {}
  pid_t pid_;  // -1: waited for
  base::Fd output_, errors_;
};

// What it says, whole. An error: it could not be started, said too much, or failed, and then what it said of it.
base::Result<std::string> output_of(const std::vector<std::string>& words);

// Standard output is this process' own; of its errors all but kubectl's remark on the exit code. Gives that code.
base::Result<int> pass_through(const std::vector<std::string>& words, Asked asked);

// "command terminated with exit code 3": what kubectl adds to what the command said.
bool is_remark(const std::string& line);

}  // namespace sluice::apps::kubectl
