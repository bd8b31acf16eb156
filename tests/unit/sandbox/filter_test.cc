#include "agent/sandbox/filter.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <thread>

#include "tests/unit/sandbox/child.h"

namespace sluice::sandbox {
namespace {

constexpr int kNoFilter = 199;
constexpr int kBpfMapCreate = 0, kBpfProgLoad = 5;  // enum bpf_cmd

// What `act` answers under the program's filter.
int under(Program program, Mode mode, const std::function<int()>& act) {
  return in_child([&] {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return install_filter(program, mode) ? act() : kNoFilter;
  });
}

// The errno of a system call that fails.
template <typename... Arguments>
int error_of(long number, Arguments... arguments) {
  return ::syscall(number, arguments...) < 0 ? errno : 0;
}

struct Row {
  const char* what;
  Program program;
  int error;
  std::function<int()> call;
};

int start_a_program() {
  std::array<char*, 1> none{};
  return error_of(SYS_execve, "/bin/true", none.data(), none.data());
}

int make_executable_memory() {
  return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
             ? errno
             : 0;
}

const std::vector<Row>& rows() {
  static const std::vector<Row> kRows = {
      {"the agent reads files", Program::kAgent, 0,
       [] { return error_of(SYS_openat, AT_FDCWD, "/", O_RDONLY); }},
      {"no program", Program::kAgent, ENOSYS, start_a_program},
      {"no program of the watcher's", Program::kWatcher, ENOSYS, start_a_program},
      {"no process", Program::kAgent, ENOSYS, [] { return error_of(SYS_clone, SIGCHLD, 0, 0, 0, 0); }},
      {"no process of the watcher's", Program::kWatcher, ENOSYS,
       [] { return error_of(SYS_clone, SIGCHLD, 0, 0, 0, 0); }},
      {"nobody else's memory", Program::kAgent, ENOSYS, [] { return error_of(SYS_ptrace, 0, 1, 0, 0); }},
      {"no mounts", Program::kAgent, ENOSYS, [] { return error_of(SYS_mount, "", "/", "", 0, nullptr); }},
      {"no modules", Program::kAgent, ENOSYS, [] { return error_of(SYS_init_module, nullptr, 0, ""); }},
      {"a namespace of the network's", Program::kAgent, EBADF,
       [] { return error_of(SYS_setns, -1, CLONE_NEWNET); }},
      {"no other namespace", Program::kAgent, ENOSYS, [] { return error_of(SYS_setns, -1, CLONE_NEWNS); }},
      {"no namespace of the watcher's", Program::kWatcher, ENOSYS,
       [] { return error_of(SYS_setns, -1, CLONE_NEWNET); }},
      {"a map", Program::kAgent, 0,
       [] { return error_of(SYS_bpf, kBpfMapCreate, nullptr, 4) == ENOSYS ? ENOSYS : 0; }},
      {"no new program of BPF", Program::kAgent, ENOSYS,
       [] { return error_of(SYS_bpf, kBpfProgLoad, nullptr, 4); }},
      {"no BPF of the watcher's", Program::kWatcher, ENOSYS,
       [] { return error_of(SYS_bpf, kBpfMapCreate, nullptr, 4); }},
      {"no packet socket of the watcher's", Program::kWatcher, ENOSYS,
       [] { return error_of(SYS_socket, AF_PACKET, SOCK_RAW, 0); }},
      {"no Bluetooth", Program::kAgent, ENOSYS,
       [] { return error_of(SYS_socket, AF_BLUETOOTH, SOCK_RAW, 0); }},
      {"no new code", Program::kAgent, ENOSYS, make_executable_memory},
      {"plugins of the C library", Program::kWatcher, 0, make_executable_memory},
      {"nothing is removed by the watcher", Program::kWatcher, ENOSYS,
       [] { return error_of(SYS_unlinkat, AT_FDCWD, "", 0); }},
      {"the limits of others", Program::kAgent, ENOSYS,
       [] { return error_of(SYS_prlimit64, 0, 0, "", nullptr); }},
  };
  return kRows;
}

TEST(Filter, LetsThroughWhatIsOnTheListAndAnswersEnosysElsewhere) {
  for (const Row& row : rows()) EXPECT_EQ(under(row.program, Mode::kOn, row.call), row.error) << row.what;
}

TEST(Filter, KillEndsTheProcessWhereOnAnswers) {
  EXPECT_EQ(under(Program::kAgent, Mode::kKill, start_a_program), 128 + SIGSYS);
  EXPECT_EQ(under(Program::kWatcher, Mode::kKill, start_a_program), 128 + SIGSYS);
}

// The C library falls back from clone3, whose flags no filter sees. (With kKill: every live test.)
TEST(Filter, ThreadsAreStarted) {
  EXPECT_EQ(under(Program::kAgent, Mode::kOn,
                  [] {
                    int answer = 1;
                    std::thread([&] { answer = 0; }).join();
                    return answer;
                  }),
            0);
}

TEST(Filter, IsAThreadsOwnFromItsStartOn) {
  EXPECT_EQ(under(Program::kAgent, Mode::kOn,
                  [] {
                    int error = 0;
                    std::thread([&] { error = start_a_program(); }).join();
                    return error;
                  }),
            ENOSYS);
}

}  // namespace
}  // namespace sluice::sandbox
