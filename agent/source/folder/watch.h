// FolderWatch: the kernel's events (inotify(7)) about a folder of manifests, gathered into news
// of what to read.
//
// Laws:
//  1. Watches stand on every directory of the listing, and on every directory through which its
//     links lead: a swap of "..data" in a ConfigMap volume is seen.
//  2. Lost events (IN_Q_OVERFLOW) make everything news.
//  3. fd() becomes readable when drain() is due; nothing polls.
//
// One thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "agent/source/finding.h"
#include "agent/source/folder/folder_listing.h"
#include "agent/source/folder/quiet.h"

struct inotify_event;

namespace sluice::source::folder {

class FolderWatch {
 public:
  static base::Result<FolderWatch> open();

  struct Followed {
    bool added = false;             // a directory is newly watched: what was listed before may be stale
    std::vector<Problem> problems;  // directories that cannot be watched
  };
  // Watches exactly what the listing names.
  Followed follow(const FolderListing& listing);

  // For poll or epoll, level-triggered: readable when drain() has to be called.
  int fd() const { return epoll_.get(); }
  // Reads all events; answers what is quiet by now, none while a burst goes on.
  std::optional<FolderNews> drain();
  // Reads all events and answers them at once, with everything else.
  FolderNews drain_everything();

  // Reads all events; answers the files that are open for writing after a write: what was just read from them
  // may be half of it. They are news once they are closed, or kOpenLongest is over.
  std::set<std::string> being_written();

  // One event, as the kernel wrote it; public so that tests can deliver those that are hard to provoke.
  void accept_event(const inotify_event& event, std::string_view name, QuietTime now);

 private:
  // One watch; a directory may be walked and be a link's step at once.
  struct Watched {
    std::string path;
    bool walked = false;
    std::set<std::string> link_names;  // names in it on which links depend
    bool operator==(const Watched&) const = default;
  };

  FolderWatch() = default;
  void read_events(QuietTime now);
  void arm();
  void accept_walked(const Watched& watched, const inotify_event& event, std::string_view name,
                     QuietTime now);

  base::Fd inotify_, timer_, epoll_;
  std::map<int, Watched> watched_;  // by watch descriptor
  QuietPeriod quiet_;
};

}  // namespace sluice::source::folder
