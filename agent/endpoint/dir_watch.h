// DirWatch: an fd that becomes readable when a directory's entries change, or when the directory
// itself comes or goes.
//
// Laws:
//  1. While the directory does not exist its nearest existing ancestor is watched.
//  2. renew() takes the news off the fd and watches what the path means now, so that a directory
//     that was replaced, or mounted over, is followed.
//  3. inotify says nothing of mounts: MountWatch does.
//
// One thread at a time. Source: inotify(7).
#pragma once

#include <cstdint>
#include <string>

#include "agent/base/fd.h"
#include "agent/base/result.h"

namespace sluice::endpoint {

class DirWatch {
 public:
  // `path` is absolute. `also`: further events of inotify(7) that are news, IN_CLOSE_WRITE for one.
  static base::Result<DirWatch> open(std::string path, uint32_t also = 0);
  int fd() const { return fd_.get(); }
  base::Status renew();

 private:
  DirWatch(std::string path, base::Fd fd, uint32_t also)
      : path_(std::move(path)), fd_(std::move(fd)), also_(also) {}
  std::string path_;
  base::Fd fd_;
  uint32_t also_ = 0;
  int watch_ = -1;  // inotify's descriptor of what is watched now
};

}  // namespace sluice::endpoint
