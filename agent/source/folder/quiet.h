// QuietPeriod: when a burst of events on files is over, and which files may be read then.
//
// Laws:
//  1. A change is reported kQuietFor after the last event, and at most kQuietLongest after the
//     first.
//  2. A file that was written to and not yet closed may be half there. It is held back until it
//     is closed, or has been held for kOpenLongest.
//  3. That a file is held back is reported once it has been held for kOpenReported.
//
// The caller gives the time. Pure; not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace sluice::source::folder {

using QuietTime = std::chrono::steady_clock::time_point;

inline constexpr std::chrono::milliseconds kQuietFor{20}, kQuietLongest{50};
inline constexpr std::chrono::milliseconds kOpenReported{1000}, kOpenLongest{10'000};

// What to read now.
struct FolderNews {
  bool everything = false;        // walk the folder: directories, links or events may have been missed
  std::set<std::string> files;    // these changed, or are gone
  std::set<std::string> held;     // still being written: not to be read even when walking
  std::set<std::string> waiting;  // of these, held for kOpenReported or longer
};

class QuietPeriod {
 public:
  // The file (or what stands at its path) is whole: closed, moved, removed.
  void note_changed(const std::string& path, QuietTime now);
  // Its attributes changed: says nothing of whether it is whole.
  void note_touched(const std::string& path, QuietTime now);
  // The file was written to, and whoever did so has it open still.
  void note_written(const std::string& path, QuietTime now);
  void note_everything(QuietTime now);

  // When drain() will have news; none: not before another event.
  std::optional<QuietTime> due() const;
  // What is quiet by `now`, once.
  std::optional<FolderNews> drain(QuietTime now);
  // Written to and not yet whole.
  std::set<std::string> being_written() const;
  // What is known by now, quiet or not, and `everything` set.
  FolderNews drain_everything(QuietTime now);

 private:
  struct Writing {
    QuietTime first;
    bool reported = false;
    QuietTime until() const { return first + kOpenLongest; }
    QuietTime next() const { return reported ? until() : first + kOpenReported; }
  };
  void note(QuietTime now);
  FolderNews release_news();
  void release(QuietTime now);

  bool pending_ = false;  // files_ or everything_ hold something
  QuietTime first_{}, last_{};
  bool everything_ = false;
  std::set<std::string> files_;
  std::map<std::string, Writing> writing_;
};

}  // namespace sluice::source::folder
