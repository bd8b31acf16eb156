// A sandbox for tests with real interfaces: this process moves into a network and a mount namespace of its
// own, with /run and /sys/fs/bpf of its own in it. Nothing of the machine is touched, and everything goes
// when the process ends, however it ends.
//
// Laws: enter_sandbox() before any thread is started, once a process. Needs root: elsewhere it is an error,
// and SandboxEnvironment skips the tests and says so. Mounts do not propagate back.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "agent/base/fd.h"
#include "agent/base/result.h"

namespace sluice::live {

struct Sandbox {
  std::string netns_dir = "/run/netns";       // a tmpfs of its own, empty
  std::string state_dir = "/run/sluice-lab";  // does not exist yet
  std::string run_dir = "/run";               // a tmpfs of its own: sockets, manifests
  std::string bpffs = "/run/bpf";             // a BPF file system of its own; another one is at /sys/fs/bpf
};

namespace detail {

inline base::Status mount_at(const char* type, const char* path) {
  if (::mount(type, path, type, 0, nullptr) != 0)
    return base::Error::from_errno(errno, std::string("mount a ") + type + " at " + path);
  return base::done();
}

inline base::Status set_lo_up() {
  const base::Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_LOOPBACK;
  if (::ioctl(fd.get(), SIOCSIFFLAGS, &request) != 0) return base::Error::from_errno(errno, "set lo up");
  return base::done();
}

}  // namespace detail

inline base::Result<Sandbox> enter_sandbox() {
  if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0)
    return base::Error::from_errno(errno, "enter a sandbox (needs root)");
  if (::mount("", "/", "none", MS_REC | MS_PRIVATE, nullptr) != 0)
    return base::Error::from_errno(errno, "make the sandbox's mounts private");
  Sandbox sandbox;
  if (auto mounted = detail::mount_at("tmpfs", sandbox.run_dir.c_str()); !mounted) return mounted.error();
  for (const std::string& dir : {sandbox.netns_dir, sandbox.bpffs})
    if (::mkdir(dir.c_str(), 0755) != 0) return base::Error::from_errno(errno, "make " + dir);
  if (auto mounted = detail::mount_at("tmpfs", sandbox.netns_dir.c_str()); !mounted) return mounted.error();
  if (auto mounted = detail::mount_at("bpf", sandbox.bpffs.c_str()); !mounted) return mounted.error();
  if (::access("/sys/fs/bpf", F_OK) == 0)
    if (auto mounted = detail::mount_at("bpf", "/sys/fs/bpf"); !mounted) return mounted.error();
  if (auto up = detail::set_lo_up(); !up) return up.error();
  return sandbox;
}

// Register one a test program:
//   const auto* const kSandbox = ::testing::AddGlobalTestEnvironment(new sluice::live::SandboxEnvironment);
class SandboxEnvironment : public ::testing::Environment {
 public:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: real network namespaces";
    auto entered = enter_sandbox();
    ASSERT_TRUE(entered.ok()) << entered.error().message();
  }
};

}  // namespace sluice::live
