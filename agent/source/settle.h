// Settle: when is a burst of events on files over, and which files may be read then? Pure: time comes as a
// parameter.
//
// Laws: a change is told kSettleQuiet after the last event and at most kSettleLongest after the first. A file
// that was written to and not yet closed is held back (it may be half there) until it is closed, or has been
// held for kOpenLongest; that it waits is told once it has been held for kOpenTold. Not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace sluice::source {

using SettleTime = std::chrono::steady_clock::time_point;

inline constexpr std::chrono::milliseconds kSettleQuiet{20}, kSettleLongest{50};
inline constexpr std::chrono::milliseconds kOpenTold{1000}, kOpenLongest{10'000};

// What to read now.
struct FolderNews {
  bool everything = false;        // walk the folder: directories, links or events may have been missed
  std::set<std::string> files;    // these changed, or are gone
  std::set<std::string> held;     // still being written: not to be read even when walking
  std::set<std::string> waiting;  // of these, held for kOpenTold or longer
};

class Settle {
 public:
  // The file (or what stands at its path) is whole: closed, moved, removed.
  void note_changed(const std::string& path, SettleTime now);
  // Its attributes changed: says nothing of whether it is whole.
  void note_touched(const std::string& path, SettleTime now);
  // The file was written to, and whoever did so has it open still.
  void note_written(const std::string& path, SettleTime now);
  void note_everything(SettleTime now);

  // When take() will have something to tell; none: not before another event.
  std::optional<SettleTime> due() const;
  // What has settled by `now`, once.
  std::optional<FolderNews> take(SettleTime now);
  // Written to and not yet whole.
  std::set<std::string> being_written() const;
  // What is known by now, settled or not, and everything beside.
  FolderNews take_everything(SettleTime now);

 private:
  struct Writing {
    SettleTime first;
    bool told = false;
    SettleTime until() const { return first + kOpenLongest; }
    SettleTime next() const { return told ? until() : first + kOpenTold; }
  };
  void note(SettleTime now);
  FolderNews tell();
  void release(SettleTime now);

  bool pending_ = false;  // files_ or everything_ hold something
  SettleTime first_{}, last_{};
  bool everything_ = false;
  std::set<std::string> files_;
  std::map<std::string, Writing> writing_;
};

}  // namespace sluice::source
