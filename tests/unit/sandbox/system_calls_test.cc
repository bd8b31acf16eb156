#include "agent/sandbox/system_calls.h"

#include <gmock/gmock.h>
#include <seccomp.h>

#include <algorithm>
#include <set>
#include <string>

namespace sluice::sandbox {
namespace {

constexpr Program kPrograms[] = {Program::kAgent, Program::kWatcher};

// A name that is misspelt would be passed over as one that this libseccomp is too old for.
TEST(SystemCalls, EveryNameIsOne) {
  for (const Program program : kPrograms) {
    for (const auto name : plain_calls(program))
      EXPECT_NE(seccomp_syscall_resolve_name(std::string(name).c_str()), __NR_SCMP_ERROR) << name;
    for (const auto& rule : argument_rules(program))
      EXPECT_NE(seccomp_syscall_resolve_name(std::string(rule.call).c_str()), __NR_SCMP_ERROR) << rule.call;
  }
}

TEST(SystemCalls, EachStandsOnOneListOnce) {
  for (const Program program : kPrograms) {
    auto names = plain_calls(program);
    std::set<std::string_view> limited;
    for (const auto& rule : argument_rules(program)) limited.insert(rule.call);
    names.insert(names.end(), limited.begin(), limited.end());
    std::ranges::sort(names);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
  }
}

TEST(SystemCalls, WhatWouldUndoTheRestIsOnNoList) {
  for (const Program program : kPrograms) {
    const auto plain = plain_calls(program);
    for (const std::string_view never : {"execve",
                                         "execveat",
                                         "fork",
                                         "vfork",
                                         "clone",
                                         "clone3",
                                         "ptrace",
                                         "process_vm_writev",
                                         "pidfd_getfd",
                                         "mount",
                                         "umount2",
                                         "unshare",
                                         "setns",
                                         "bpf",
                                         "init_module",
                                         "finit_module",
                                         "kexec_load",
                                         "io_uring_setup",
                                         "perf_event_open",
                                         "userfaultfd",
                                         "keyctl",
                                         "setuid",
                                         "setresuid",
                                         "open_by_handle_at"})
      EXPECT_THAT(plain, ::testing::Not(::testing::Contains(never)));
  }
}

TEST(SystemCalls, TheWatchersListHasNothingOfTheKernels) {
  for (const auto& rule : argument_rules(Program::kWatcher))
    EXPECT_THAT(rule.call, ::testing::AllOf(::testing::Ne("bpf"), ::testing::Ne("setns")));
}

}  // namespace
}  // namespace sluice::sandbox
