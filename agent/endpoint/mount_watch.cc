#include "agent/endpoint/mount_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <system_error>

namespace sluice::endpoint {

using base::Error;

base::Result<std::unique_ptr<MountWatch>> MountWatch::open() {
  base::Fd mounts(::open("/proc/thread-self/mountinfo", O_RDONLY | O_CLOEXEC));
  if (!mounts.valid()) return Error::from_errno(errno, "open /proc/thread-self/mountinfo");
  base::Fd news(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), stop(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!news.valid() || !stop.valid()) return Error::from_errno(errno, "watch mounts: eventfd");
  std::unique_ptr<MountWatch> watch(new MountWatch(std::move(mounts), std::move(news), std::move(stop)));
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  base::Status started = base::done();
  try {
    watch->thread_ = std::thread([raw = watch.get()] { raw->pass_on(); });
  } catch (const std::system_error& failure) {
    started = Error::from_errno(failure.code().value(), "watch mounts: start a thread");
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!started) return started.error();
  return watch;
}

MountWatch::~MountWatch() {
  if (!thread_.joinable()) return;
  ::eventfd_write(stop_.get(), 1);
  thread_.join();
}

void MountWatch::clear() {
  eventfd_t count = 0;
  ::eventfd_read(news_.get(), &count);
}

void MountWatch::pass_on() const {
  pollfd fds[] = {{mounts_.get(), POLLPRI, 0}, {stop_.get(), POLLIN, 0}};
  for (;;) {
    if (::poll(fds, 2, -1) < 0 && errno != EINTR) break;
    if (fds[1].revents != 0) return;
    if (fds[0].revents != 0) ::eventfd_write(news_.get(), 1);
  }
  ::eventfd_write(news_.get(), 1);  // blind from here on: at least say that something happened
}

}  // namespace sluice::endpoint
