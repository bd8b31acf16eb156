// What depends on whether a person looks on: colours and progress.
#pragma once

#include <chrono>
#include <string>

namespace sluice::apps {

// Standard output is a terminal, and NO_COLOR is not set (https://no-color.org).
bool use_colour();

// A line on standard error, where that is a terminal, once the work has taken longer than kQuiet; gone at the
// end.
class Progress {
 public:
  Progress(std::string what, size_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void step(size_t done);

 private:
  const std::string what_;
  const size_t total_;  // 0: unknown
  const bool terminal_;
  std::chrono::steady_clock::time_point next_;
  bool shown_ = false;
};

}  // namespace sluice::apps
