// EndpointWatch: one fd that becomes readable when what discover() or node_addresses() would say
// may have changed.
//
// It hears of: links and addresses of the agent's own namespace; files that come to and go from
// --netns-dir (the directory itself may come later); mounts over such files (`ip netns add` makes
// the file first and mounts then); links and addresses inside every namespace of the directory.
// It has no polling and no timer.
//
// Laws:
//  1. A change after open(), or after the drain() that reported the one before, makes fd()
//     readable. drain() follows namespaces before it returns, so a scan after drain() misses
//     nothing.
//  2. News may be about nothing; they are never missing. Where the kernel dropped some, `overrun`
//     says to scan everything.
//  3. What could not be followed is tried again by the next drain(). fd() does not become readable
//     for that: the caller comes back by itself.
//  4. A followed namespace is kept alive by the socket inside it until a drain() after its file
//     has gone.
//
// One thread at a time.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/fd.h"
#include "agent/endpoint/dir_watch.h"
#include "agent/endpoint/mount_watch.h"
#include "agent/endpoint/netlink.h"
#include "agent/endpoint/netns.h"

namespace sluice::endpoint {

struct News {
  bool links = false;                 // of the agent's own namespace: added, removed, changed
  bool node_addresses = false;        // of the agent's own namespace
  bool namespaces = false;            // one came, went, or is another one now
  bool inside = false;                // links or addresses in a pod's namespace
  bool overrun = false;               // some news were lost: rescan everything
  std::vector<std::string> problems;  // what cannot be followed, one line each, for as long as that lasts
  bool any() const { return links || node_addresses || namespaces || inside || overrun || !problems.empty(); }
};

class EndpointWatch {
 public:
  // `netns_dir` is absolute. Scan after this, not before.
  static base::Result<EndpointWatch> open(std::string netns_dir);

  int fd() const { return epoll_.get(); }  // level-triggered; may be nested in another epoll
  // Takes all news off fd(); never waits. An error: the directory cannot be read or watched.
  base::Result<News> drain();

 private:
  struct Followed {
    NetnsId id;                       // of what the name stood for when it was last looked at
    std::unique_ptr<Netlink> inside;  // none where that is no namespace
  };
  EndpointWatch(std::string dir, base::Fd epoll, Netlink own, DirWatch entries,
                std::unique_ptr<MountWatch> mounts)
      : dir_(std::move(dir)),
        epoll_(std::move(epoll)),
        own_(std::move(own)),
        entries_(std::move(entries)),
        mounts_(std::move(mounts)) {}
  base::Status add(int fd);
  base::Status follow_namespaces(News& news);
  base::Result<std::unique_ptr<Netlink>> listen_inside(const std::string& path);

  std::string dir_;
  base::Fd epoll_;
  Netlink own_;
  DirWatch entries_;
  std::unique_ptr<MountWatch> mounts_;
  std::map<std::string, Followed> followed_;  // by file name
};

}  // namespace sluice::endpoint
