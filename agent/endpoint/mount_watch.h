// MountWatch: an fd that becomes and stays readable once anything was mounted or unmounted, until
// clear().
//
// The kernel reports mounts by POLLPRI on /proc/PID/mountinfo (proc(5)), and asking consumes the
// answer: behind a nested epoll whoever polls first would take the news away from the others. So a
// thread asks, and passes the news on through an eventfd.
//
// The mount namespace is that of the thread that calls open(). clear() from any thread.
#pragma once

#include <memory>
#include <thread>

#include "agent/base/fd.h"
#include "agent/base/result.h"

namespace sluice::endpoint {

class MountWatch {
 public:
  static base::Result<std::unique_ptr<MountWatch>> open();
  MountWatch(const MountWatch&) = delete;
  MountWatch& operator=(const MountWatch&) = delete;
  ~MountWatch();

  int fd() const { return news_.get(); }
  void clear();

 private:
  MountWatch(base::Fd mounts, base::Fd news, base::Fd stop)
      : mounts_(std::move(mounts)), news_(std::move(news)), stop_(std::move(stop)) {}
  void pass_on() const;

  base::Fd mounts_, news_, stop_;
  std::thread thread_;
};

}  // namespace sluice::endpoint
