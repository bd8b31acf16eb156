#include "agent/sandbox/system_calls.h"

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <array>
#include <span>

namespace sluice::sandbox {
namespace {

constexpr std::string_view kCommon[] = {
    // memory; mmap, mprotect: argument_rules()
    "brk", "munmap", "mremap", "madvise",
    // threads; clone, prctl: argument_rules()
    "set_robust_list", "rseq", "futex", "sched_yield", "sched_getparam", "sched_getscheduler",
    "sched_getaffinity", "gettid", "getpid", "tgkill", "restart_syscall", "exit", "exit_group", "getcpu",
    // signals, and the alarm of who ends (arm64 has setitimer in its stead)
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "alarm", "setitimer",
    // clocks
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "timerfd_create",
    "timerfd_settime", "timerfd_gettime",
    // files, to read; ioctl: argument_rules()
    "open", "openat", "close", "read", "readv", "pread64", "write", "writev", "lseek", "fstat", "stat",
    "lstat", "newfstatat", "statx", "fstatfs", "statfs", "access", "faccessat", "faccessat2", "readlink",
    "readlinkat", "getdents64", "getcwd", "fcntl", "dup", "fadvise64",
    // waiting
    "poll", "ppoll", "select", "pselect6", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
    "epoll_pwait2", "eventfd2", "pipe2",
    // sockets; socket: argument_rules()
    "socketpair", "bind", "connect", "listen", "accept", "accept4", "getsockname", "getpeername",
    "getsockopt", "setsockopt", "sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg",
    "shutdown",
    // what it is, and may
    "getuid", "geteuid", "getgid", "getegid", "getrlimit", "getrusage", "uname", "sysinfo", "getrandom"};

constexpr std::string_view kAgent[] = {
    // CAP_SYS_ADMIN in and out of effect; nothing that is not permitted
    "capget", "capset",
    // waits until every CPU has switched to a thread of ours
    "sched_setaffinity",
    // namespaces that come and go, manifests that change
    "inotify_init1", "inotify_add_watch", "inotify_rm_watch",
    // pins, the socket, the files beside it
    "flock", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "chmod",
    "fchmod", "fchmodat", "chown", "fchown", "fchownat", "utimensat", "umask", "ftruncate"};

constexpr uint64_t kAllBits = ~uint64_t{0}, kInt = 0xffffffff;

// clone(2): a thread of this process and nothing else.
constexpr uint64_t kNamespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr uint64_t kThread = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;

// FIONREAD and FIONBIO of sockets, TCGETS of what may be a terminal.
constexpr ArgumentRule kCommonRules[] = {
    {"clone", 0, kNamespaces | kThread, kThread},
    {"prctl", 0, kInt, PR_SET_NAME},
    {"prctl", 0, kInt, PR_GET_NAME},
    {"prctl", 0, kInt, 0x53564d41},  // PR_SET_VMA: later C libraries name their memory
    {"prctl", 0, kInt, PR_CAPBSET_READ},
    {"prlimit64", 2, kAllBits, 0},  // reads
    {"ioctl", 1, kInt, FIONREAD},
    {"ioctl", 1, kInt, FIONBIO},
    {"ioctl", 1, kInt, TCGETS},
    {"socket", 0, kInt, AF_UNIX},
    {"socket", 0, kInt, AF_INET},
    {"socket", 0, kInt, AF_INET6},
    {"socket", 0, kInt, AF_NETLINK},
};

// Memory is never executable that was not when the agent started.
constexpr ArgumentRule kAgentRules[] = {
    {"mmap", 2, PROT_EXEC, 0},        {"mprotect", 2, PROT_EXEC, 0},
    {"setns", 1, kInt, CLONE_NEWNET}, {"ioctl", 1, kInt, SIOCGIFNAME},
    {"ioctl", 1, kInt, SIOCGIFINDEX}, {"ioctl", 1, kInt, 0xb703},  // NS_GET_NSTYPE
    {"socket", 0, kInt, AF_PACKET},                                // sends held DNS answers on
};

// bpf(2): enum bpf_cmd of linux/bpf.h, which agent/kernel alone includes.
constexpr uint64_t kBpfCommands[] = {
    0,              // BPF_MAP_CREATE: a table that grows
    1,  2,  3,  4,  // BPF_MAP_LOOKUP_ELEM, …_UPDATE_ELEM, …_DELETE_ELEM, …_GET_NEXT_KEY
    6,  7,          // BPF_OBJ_PIN, BPF_OBJ_GET
    10,             // BPF_PROG_TEST_RUN: the program that edits flows
    13, 15,         // BPF_PROG_GET_FD_BY_ID, BPF_OBJ_GET_INFO_BY_FD
    16,             // BPF_PROG_QUERY: what else is attached by TCX
    24, 26, 27,     // BPF_MAP_LOOKUP_BATCH, …_UPDATE_BATCH, …_DELETE_BATCH
    28, 29, 34,     // BPF_LINK_CREATE, BPF_LINK_UPDATE, BPF_LINK_DETACH
    30,             // BPF_LINK_GET_FD_BY_ID: a link of ours whose pin somebody took away
};

// The watcher asks for names of hosts, for which the C library may load its plugins.
constexpr std::string_view kWatcher[] = {"mmap", "mprotect"};

template <typename T>
void append(std::vector<T>& all, std::span<const T> more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

std::vector<std::string_view> plain_calls(Program program) {
  std::vector<std::string_view> calls;
  append<std::string_view>(calls, kCommon);
  switch (program) {
    case Program::kAgent:
      append<std::string_view>(calls, kAgent);
      break;
    case Program::kWatcher:
      append<std::string_view>(calls, kWatcher);
      break;
  }
  return calls;
}

std::vector<ArgumentRule> argument_rules(Program program) {
  std::vector<ArgumentRule> rules;
  append<ArgumentRule>(rules, kCommonRules);
  if (program != Program::kAgent) return rules;
  append<ArgumentRule>(rules, kAgentRules);
  for (const uint64_t command : kBpfCommands) rules.push_back({"bpf", 0, kInt, command});
  return rules;
}

}  // namespace sluice::sandbox
