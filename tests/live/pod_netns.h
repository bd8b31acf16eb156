// PodNetns: a network namespace as a container runtime makes it for a pod, mounted at a path of its own. It
// goes with this. Use from one thread; needs the sandbox (sandbox.h).
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <string>

#include "agent/base/fd.h"
#include "agent/endpoint/netns.h"

namespace sluice::live {

class PodNetns {
 public:
  explicit PodNetns(const std::string& name) : path_("/run/netns/" + name) {
    const base::Fd file(::open(path_.c_str(), O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0444));
    auto made = endpoint::on_fresh_thread([this] {
      sound_ = ::unshare(CLONE_NEWNET) == 0 &&
               ::mount("/proc/thread-self/ns/net", path_.c_str(), nullptr, MS_BIND, nullptr) == 0;
    });
    sound_ = sound_ && made.ok();
  }
  PodNetns(const PodNetns&) = delete;
  PodNetns& operator=(const PodNetns&) = delete;
  ~PodNetns() {
    ::umount2(path_.c_str(), MNT_DETACH);
    ::unlink(path_.c_str());
  }
  bool sound() const { return sound_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool sound_ = false;
};

}  // namespace sluice::live
