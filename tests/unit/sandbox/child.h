// What is given up is gone for good: so a row gives it up in a process of its own.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

namespace sluice::sandbox {

// The exit code that `act` answers in a process of its own, or 128 + the signal that ended it.
inline int in_child(const std::function<int()>& act) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGSYS, SIG_DFL);
    ::_exit(act());
  }
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace sluice::sandbox
