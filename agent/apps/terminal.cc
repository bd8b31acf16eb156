#include "agent/apps/terminal.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace sluice::apps {
namespace {

constexpr std::chrono::seconds kQuiet{2};
constexpr std::chrono::milliseconds kBetween{200};

}  // namespace

bool use_colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0');
}

Progress::Progress(std::string what, size_t total)
    : what_(std::move(what)),
      total_(total),
      terminal_(::isatty(STDERR_FILENO) == 1),
      next_(std::chrono::steady_clock::now() + kQuiet) {}

void Progress::step(size_t done) {
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + kBetween;
  shown_ = true;
  if (total_ == 0)
    std::fprintf(stderr, "\r%s: %zu\x1b[K", what_.c_str(), done);
  else
    std::fprintf(stderr, "\r%s: %zu of %zu\x1b[K", what_.c_str(), done, total_);
}

Progress::~Progress() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
}

}  // namespace sluice::apps
