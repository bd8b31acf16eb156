#include "agent/endpoint/dir_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

namespace sluice::endpoint {
namespace {

using base::Error;

constexpr uint32_t kEvents = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
                             IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR;
constexpr int kTries = 100;  // of watching a path whose parts come and go meanwhile

std::string parent_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

// The path itself, or its nearest ancestor that can be watched.
struct Watched {
  int descriptor = -1;
  std::string next;  // the missing part just below it; empty where the path itself is watched
};

Watched watch_nearest(int fd, const std::string& path, uint32_t events) {
  Watched watched{::inotify_add_watch(fd, path.c_str(), events), ""};
  std::string below = path;
  while (watched.descriptor < 0 && (errno == ENOENT || errno == ENOTDIR) && below != "/") {
    const std::string above = parent_of(below);
    watched = {::inotify_add_watch(fd, above.c_str(), events), below};
    below = above;
  }
  return watched;
}

}  // namespace

base::Result<DirWatch> DirWatch::open(std::string path, uint32_t also) {
  if (path.empty() || path[0] != '/') return Error("watch " + path + ": the path must be absolute");
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  base::Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd.valid()) return Error::from_errno(errno, "watch " + path);
  DirWatch watch(std::move(path), std::move(fd), also);
  if (auto status = watch.renew(); !status) return status.error();
  return watch;
}

base::Status DirWatch::renew() {
  char news[4096];
  while (::read(fd_.get(), news, sizeof(news)) > 0) {
  }
  for (int tries = 0; tries < kTries; ++tries) {
    const Watched now = watch_nearest(fd_.get(), path_, kEvents | also_);
    if (now.descriptor < 0) return Error::from_errno(errno, "watch " + path_);
    if (watch_ >= 0 && watch_ != now.descriptor)
      ::inotify_rm_watch(fd_.get(), watch_);  // may have gone by itself
    watch_ = now.descriptor;
    // Made between the two looks: look again.
    if (now.next.empty() || ::access(now.next.c_str(), F_OK) != 0) return base::done();
  }
  return Error("watch " + path_ + ": it, or a directory above it, keeps changing or is no directory");
}

}  // namespace sluice::endpoint
