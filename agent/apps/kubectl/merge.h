// LineMerge: lines of several streams as one, by time.
//
// Laws:
//  1. A stream's own lines stay in their order.
//  2. A line goes out once every stream that has not ended has one waiting, the earliest first; with `hold` also once
//     it has waited so long, so that a stream that says nothing stops nobody.
//  3. Lines of the same time go out in the order of the streams.
//
// Pure; one thread.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace sluice::apps::kubectl {

enum class Form { kText, kJson };

// By which lines of `sluicectl observe` are put in order: as text, an earlier one is less. Empty: it has no time.
std::string time_key(const std::string& line, Form form);

class LineMerge {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Line {
    size_t stream = 0;
    std::string key, text;
    Time came;
  };

  explicit LineMerge(size_t streams, std::optional<std::chrono::milliseconds> hold = std::nullopt)
      : streams_(streams), hold_(hold) {}
  // `key`: of the line, time_key(); one without stands with the one before it.
  void add(size_t stream, std::string key, std::string text, Time now);
  void end(size_t stream) { streams_[stream].ended = true; }
  // What goes out by now.
  std::vector<Line> take(Time now);
  // When something goes out though nothing more comes; none: nothing waits for that.
  std::optional<Time> due() const;
  size_t waiting(size_t stream) const { return streams_[stream].lines.size(); }

 private:
  struct Stream {
    std::deque<Line> lines;
    std::string last;  // key
    bool ended = false;
  };
  // The stream whose first line goes out next by now; null: none.
  Stream* next(Time now);

  std::vector<Stream> streams_;
  std::optional<std::chrono::milliseconds> hold_;
};

}  // namespace sluice::apps::kubectl
