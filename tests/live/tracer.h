// Tracer: the system calls of a program's first thread, one by one, from outside (ptrace(2)); the program needs no
// hook for it. Its owner calls from one thread, the one that started the program.
#pragma once

#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>

#include "tests/live/process.h"

namespace sluice::live {

class Tracer {
 public:
  // The thread goes on running. sound(): it is traced.
  explicit Tracer(pid_t pid) : pid_(pid) {
    sound_ = ::ptrace(PTRACE_SEIZE, pid_, nullptr, static_cast<long>(PTRACE_O_TRACESYSGOOD)) == 0 &&
             ::ptrace(PTRACE_INTERRUPT, pid_, nullptr, nullptr) == 0;
  }
  bool sound() const { return sound_; }

  // Counts its calls, at their begin, until `until` has ended or `most` have begun: that one is killed before the kernel
  // does it. How many have begun.
  int follow(Process& until, int most) {
    int calls = 0;
    const pid_t other = until.pid();
    for (int status = 0;;) {
      const pid_t who = ::waitpid(-1, &status, __WALL);
      if (who < 0 && errno != EINTR) return calls;
      if (who == other) {
        until.reaped();
        return let_go(calls);
      }
      if (who != pid_) continue;
      if (!WIFSTOPPED(status)) return calls;
      const int stop = WSTOPSIG(status);
      if (stop == (SIGTRAP | 0x80) && begins() && ++calls == most) {
        ::kill(pid_, SIGKILL);
        return calls;
      }
      // What is no stop of ours is a signal, which it gets; one of PTRACE_INTERRUPT is none.
      const bool ours = stop == (SIGTRAP | 0x80) || status >> 16 == PTRACE_EVENT_STOP;
      ::ptrace(PTRACE_SYSCALL, pid_, nullptr, static_cast<long>(ours ? 0 : stop));
    }
  }

 private:
  // Of the call at which it stands: it has not been done yet.
  bool begins() const {
    __ptrace_syscall_info info{};
    return ::ptrace(PTRACE_GET_SYSCALL_INFO, pid_, sizeof info, &info) > 0 &&
           info.op == PTRACE_SYSCALL_INFO_ENTRY;
  }
  int let_go(int calls) const {
    ::ptrace(PTRACE_INTERRUPT, pid_, nullptr, nullptr);
    int status = 0;
    if (::waitpid(pid_, &status, __WALL) == pid_ && WIFSTOPPED(status))
      ::ptrace(PTRACE_DETACH, pid_, nullptr, nullptr);
    return calls;
  }

  pid_t pid_;
  bool sound_ = false;
};

}  // namespace sluice::live
