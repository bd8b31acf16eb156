// Process: a program of ours as its user runs it; ended and reaped by its owner at the latest. Run from one
// thread.
#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

namespace sluice::live {

class Process {
 public:
  Process() = default;
  explicit Process(std::vector<std::string> words) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    if (posix_spawn(&pid_, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0) pid_ = -1;
  }
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Process& operator=(Process&& other) noexcept {
    end(SIGKILL);
    pid_ = std::exchange(other.pid_, -1);
    return *this;
  }
  ~Process() { end(SIGKILL); }

  pid_t pid() const { return pid_; }  // -1: none runs
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

}  // namespace sluice::live
