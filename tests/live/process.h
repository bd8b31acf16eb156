// Process: a program of ours as its user runs it; ended and reaped by its owner at the latest. Run from one
// thread.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "agent/base/fd.h"

namespace sluice::live {

class Process {
 public:
  Process() = default;
  // Its standard error is ours, or the descriptor given.
  explicit Process(std::vector<std::string> words, int standard_error = STDERR_FILENO) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, standard_error, STDERR_FILENO);
    if (posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&actions);
  }
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Process& operator=(Process&& other) noexcept {
    end(SIGKILL);
    pid_ = std::exchange(other.pid_, -1);
    return *this;
  }
  ~Process() { end(SIGKILL); }

  pid_t pid() const { return pid_; }  // -1: none runs
  // True where it has ended by then; it is still to be reaped.
  bool ends_within(std::chrono::milliseconds patience) const {
    if (pid_ < 0) return true;
    const base::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    pollfd end{pidfd.get(), POLLIN, 0};
    return ::poll(&end, 1, static_cast<int>(patience.count())) == 1;
  }
  // Somebody else's wait has taken its end.
  void reaped() { pid_ = -1; }
  // Sends the signal and waits for the end. The exit code, or 128 + the signal that ended it.
  int end(int signal) {
    if (pid_ < 0) return -1;
    kill(pid_, signal);
    return wait();
  }
  int wait() {
    int status = 0;
    if (pid_ < 0 || waitpid(std::exchange(pid_, -1), &status, 0) < 0) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
};

// Runs to its end; the exit code.
inline int run(std::vector<std::string> words) {
  return Process(std::move(words)).wait();
}

struct Said {
  int exit = -1;
  std::string error;  // all of its standard error
};
inline Said run_and_listen(std::vector<std::string> words) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {};
  const base::Fd listening(ends[0]);
  Process running(std::move(words), base::Fd(ends[1]).get());
  Said said;
  char part[4096];
  for (ssize_t count = 0; (count = read(listening.get(), part, sizeof(part))) > 0;)
    said.error.append(part, static_cast<size_t>(count));
  said.exit = running.wait();
  return said;
}

}  // namespace sluice::live
