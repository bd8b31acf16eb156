#include "agent/endpoint/watch.h"

#include <sys/epoll.h>
#include <sys/stat.h>

#include "agent/endpoint/discover.h"
#include "agent/endpoint/exhaustion.h"

namespace sluice::endpoint {

using base::Error;
using base::Result;
using base::Status;

Result<EndpointWatch> EndpointWatch::open(std::string netns_dir) {
  base::Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return Error::from_errno(errno, "watch " + netns_dir + ": epoll");
  auto own = Netlink::open();
  if (!own) return own.error();
  if (auto listening = own->listen_to_news(); !listening) return listening.error();
  auto entries = DirWatch::open(netns_dir);
  if (!entries) return entries.error();
  auto mounts = MountWatch::open();
  if (!mounts) return mounts.error();
  EndpointWatch watch(std::move(netns_dir), std::move(epoll), std::move(*own), std::move(*entries),
                      std::move(*mounts));
  for (const int fd : {watch.own_.fd(), watch.entries_.fd(), watch.mounts_->fd()})
    if (auto added = watch.add(fd); !added) return added.error();
  News first;
  if (auto followed = watch.follow_namespaces(first); !followed) return followed.error();
  return watch;
}

Status EndpointWatch::add(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return Error::from_errno(errno, "watch " + dir_ + ": epoll_ctl");
  return base::done();
}

Result<News> EndpointWatch::drain() {
  News news;
  mounts_->clear();
  if (auto renewed = entries_.renew(); !renewed) return renewed.error();
  const Heard own = own_.hear();
  news.links = own.links;
  news.node_addresses = own.addresses;
  news.overrun = own.overrun;
  for (auto& [name, followed] : followed_) {
    if (followed.inside == nullptr) continue;
    const Heard heard = followed.inside->hear();
    news.inside |= heard.links || heard.addresses;
    news.overrun |= heard.overrun;
  }
  if (auto followed = follow_namespaces(news); !followed) return followed.error();
  return news;
}

// Brings followed_ to what the directory holds now.
Status EndpointWatch::follow_namespaces(News& news) {
  auto names = names_in(dir_);
  if (!names) return names.error();
  std::map<std::string, Followed> now;
  Exhaustion exhaustion;
  for (const std::string& name : *names) {
    const std::string path = dir_ + "/" + name;
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0) continue;  // gone meanwhile: inotify tells
    const NetnsId id{st.st_dev, st.st_ino};
    auto before = followed_.find(name);
    if (before != followed_.end() && before->second.id == id) {
      now.insert(followed_.extract(before));
      continue;
    }
    news.namespaces = true;
    auto inside = listen_inside(path);
    if (inside)
      now[name] = {id, std::move(*inside)};
    else if (!exhaustion.note(name, inside.error()))
      news.problems.push_back("follow namespace " + name + ": " + inside.error().message());
    // What failed is not known from now on, so that the next drain() tries again.
  }
  for (const std::string& line : exhaustion.lines()) news.problems.push_back("follow " + line);
  news.namespaces |= !followed_.empty();  // what is left has gone
  followed_ = std::move(now);
  return base::done();
}

Result<std::unique_ptr<Netlink>> EndpointWatch::listen_inside(const std::string& path) {
  auto netns = Netns::open(path);
  if (!netns && (netns.error().code() == 0 || netns.error().code() == ENOENT))
    return std::unique_ptr<Netlink>();  // no namespace (yet): a mount over it will tell
  if (!netns) return netns.error();
  auto netlink = within(*netns, [] { return Netlink::open(); });
  if (!netlink) return netlink.error();
  auto inside = std::make_unique<Netlink>(std::move(*netlink));
  if (auto listening = inside->listen_to_news(); !listening) return listening.error();
  if (auto added = add(inside->fd()); !added) return added.error();
  return inside;
}

}  // namespace sluice::endpoint
