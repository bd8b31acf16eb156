#include "agent/source/folder/watch.h"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstring>

namespace sluice::source::folder {
namespace {

using base::Error;
using base::Result;

constexpr uint32_t kMask = IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                           IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;
constexpr int kMaxReads = 64;  // of a full buffer each; the fd stays readable where more is left
constexpr uint32_t kSelfMask = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;

bool is_link(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

base::Status add_to(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) return Error::from_errno(errno, "epoll_ctl");
  return base::done();
}

Problem not_watched(const std::string& path, int code) {
  std::string message = Error::from_errno(code, "changes in it will not be noticed").message();
  if (code == ENOSPC) message += ": raise the sysctl fs.inotify.max_user_watches";
  return {{path, 0, 0}, std::nullopt, "", message};
}

}  // namespace

Result<FolderWatch> FolderWatch::open() {
  FolderWatch watch;
  watch.inotify_ = base::Fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!watch.inotify_.valid())
    return Error::from_errno(errno, "inotify (the sysctl fs.inotify.max_user_instances may be too low)");
  watch.timer_ = base::Fd(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!watch.timer_.valid()) return Error::from_errno(errno, "timerfd_create");
  watch.epoll_ = base::Fd(epoll_create1(EPOLL_CLOEXEC));
  if (!watch.epoll_.valid()) return Error::from_errno(errno, "epoll_create1");
  for (int fd : {watch.inotify_.get(), watch.timer_.get()})
    if (auto added = add_to(watch.epoll_.get(), fd); !added.ok()) return added.error();
  return watch;
}

FolderWatch::Followed FolderWatch::follow(const FolderListing& listing) {
  Followed followed;
  std::map<int, Watched> wanted;
  auto want = [&](const std::string& path) -> Watched* {
    int descriptor = inotify_add_watch(inotify_.get(), path.c_str(), kMask);
    if (descriptor < 0) {
      bool vanished = errno == ENOENT || errno == ENOTDIR;
      if (!vanished) followed.problems.push_back(not_watched(path, errno));
      return nullptr;
    }
    followed.added |= !watched_.contains(descriptor) && !wanted.contains(descriptor);
    return &wanted[descriptor];
  };
  for (const auto& [path, names] : listing.link_steps)
    if (Watched* watched = want(path)) {
      watched->path = path;
      watched->link_names.insert(names.begin(), names.end());
    }
  for (const std::string& path : listing.directories)
    if (Watched* watched = want(path)) {
      watched->path = path;
      watched->walked = true;
    }
  for (const auto& [descriptor, watched] : watched_)
    if (!wanted.contains(descriptor)) inotify_rm_watch(inotify_.get(), descriptor);
  watched_ = std::move(wanted);
  return followed;
}

void FolderWatch::accept_walked(const Watched& watched, const inotify_event& event, std::string_view name,
                                QuietTime now) {
  if (name.starts_with('.')) return;
  if (event.mask & IN_ISDIR) return quiet_.note_everything(now);
  std::string path = watched.path.ends_with('/') ? watched.path : watched.path + "/";
  path += name;
  bool appeared = event.mask & (IN_CREATE | IN_MOVED_TO);
  if (appeared && is_link(path)) return quiet_.note_everything(now);
  if (!is_manifest_name(name)) return;
  if (event.mask & IN_MODIFY) return quiet_.note_written(path, now);
  if (event.mask & IN_ATTRIB) return quiet_.note_touched(path, now);
  quiet_.note_changed(path, now);
}

void FolderWatch::accept_event(const inotify_event& event, std::string_view name, QuietTime now) {
  if (event.mask & IN_Q_OVERFLOW) return quiet_.note_everything(now);
  auto found = watched_.find(event.wd);
  if (found == watched_.end()) return;  // of a watch that was taken away
  Watched& watched = found->second;
  if (event.mask & kSelfMask) {
    if (watched.walked) quiet_.note_everything(now);
    if (event.mask & IN_IGNORED) watched_.erase(found);
    return;
  }
  if (watched.link_names.contains(std::string(name)) && !(event.mask & IN_MODIFY))
    quiet_.note_everything(now);
  if (!watched.walked) return;
  if (name.empty()) return quiet_.note_everything(now);  // the directory's own attributes
  accept_walked(watched, event, name, now);
}

void FolderWatch::read_events(QuietTime now) {
  uint64_t expirations = 0;
  if (read(timer_.get(), &expirations, sizeof(expirations)) < 0 && errno != EAGAIN)
    quiet_.note_everything(now);
  alignas(inotify_event) char buffer[1 << 16];
  for (int reads = 0; reads < kMaxReads; ++reads) {
    ssize_t size = read(inotify_.get(), buffer, sizeof(buffer));
    if (size <= 0) return;  // EAGAIN: all read
    for (ssize_t at = 0; at < size;) {
      inotify_event event;
      std::memcpy(&event, buffer + at, sizeof(event));
      const char* name = buffer + at + sizeof(event);
      accept_event(event, event.len ? std::string_view(name, strnlen(name, event.len)) : std::string_view(),
                   now);
      at += static_cast<ssize_t>(sizeof(event) + event.len);
    }
  }
}

void FolderWatch::arm() {
  itimerspec when{};
  if (auto due = quiet_.due()) {
    auto nanoseconds = std::chrono::nanoseconds(due->time_since_epoch()).count();
    when.it_value.tv_sec = nanoseconds / 1'000'000'000;
    when.it_value.tv_nsec = nanoseconds % 1'000'000'000;
  }
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

std::optional<FolderNews> FolderWatch::drain() {
  read_events(std::chrono::steady_clock::now());
  auto news = quiet_.drain(std::chrono::steady_clock::now());
  arm();
  return news;
}

std::set<std::string> FolderWatch::being_written() {
  read_events(std::chrono::steady_clock::now());
  arm();
  return quiet_.being_written();
}

FolderNews FolderWatch::drain_everything() {
  read_events(std::chrono::steady_clock::now());
  FolderNews news = quiet_.drain_everything(std::chrono::steady_clock::now());
  arm();
  return news;
}

}  // namespace sluice::source::folder
