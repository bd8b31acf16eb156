#include "agent/endpoint/netns.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <system_error>
#include <thread>

#include "agent/base/sys_admin.h"

namespace sluice::endpoint {

using base::Error;
using base::Result;
using base::Status;

Result<Netns> Netns::open(const std::string& path) {
  base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) return Error::from_errno(errno, "open " + path);
  struct statfs fs {};
  struct stat st {};
  if (::fstatfs(fd.get(), &fs) != 0 || ::fstat(fd.get(), &st) != 0)
    return Error::from_errno(errno, "stat " + path);
  if (fs.f_type != NSFS_MAGIC || ::ioctl(fd.get(), NS_GET_NSTYPE) != CLONE_NEWNET)
    return Error(path + " is not a network namespace: unmounted, or a stale file; remove it");
  return Netns(std::move(fd), {st.st_dev, st.st_ino});
}

Result<Netns> Netns::current() {
  return open("/proc/thread-self/ns/net");
}

Status on_fresh_thread(const std::function<void()>& fn) {
  // A thread inherits the mask of its maker: no handler of the program runs in a foreign namespace.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  Status status = base::done();
  try {
    std::thread(fn).join();
  } catch (const std::system_error& failure) {
    status = Error::from_errno(failure.code().value(), "start a thread");
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return status;
}

Status run_within(const Netns& netns, const std::function<void()>& fn) {
  int failure = 0;
  auto ran = on_fresh_thread([&] {
    if (const base::RaisedSysAdmin raised; ::setns(netns.fd(), CLONE_NEWNET) != 0) {
      failure = errno;
      return;
    }
    fn();
  });
  if (!ran) return ran;
  if (failure != 0) return Error::from_errno(failure, "join a network namespace (needs CAP_SYS_ADMIN)");
  return base::done();
}

}  // namespace sluice::endpoint
