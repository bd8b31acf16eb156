// Ledger: when each change was made, written, fed and in force.
//
// Laws: an object has one change under way at a time: a second one before the first is in force is an
// error, since nobody could tell which of the two a batch carries. Times are of one steady clock. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/model/cluster.h"

namespace sluice::bench::api {

using Clock = std::chrono::steady_clock;

struct Sample {
  std::string_view kind;
  Clock::time_point made;      // the API server is about to take the change
  Clock::time_point written;   // it is about to write the event to the watcher's socket
  Clock::time_point fed;       // the watcher has written it to the agent's socket
  Clock::time_point in_force;  // the agent has said that it is in force
};

class Ledger {
 public:
  void made(const model::ObjectId& id, std::string_view kind, Clock::time_point when);
  void written(const model::ObjectId& id, Clock::time_point when);
  // A new stream: what it is fed begins with a snapshot.
  void stream_began();
  struct Batch {
    uint64_t sequence = 0;
    bool ends_snapshot = false;
    std::vector<model::ObjectId> objects;
  };
  void fed(const Batch& batch, Clock::time_point when);
  void in_force(uint64_t sequence, Clock::time_point when);

  // Of the stream that began last.
  bool wait_for_snapshot(std::chrono::milliseconds most);
  // Until every change is in force. An error names one that is not.
  base::Status wait_for_all(std::chrono::milliseconds most);
  // Those in force since it was last asked.
  std::vector<Sample> take();

 private:
  mutable std::mutex mutex_;
  std::condition_variable news_;
  std::map<model::ObjectId, Sample> under_way_;
  std::map<uint64_t, std::vector<model::ObjectId>> fed_;  // by sequence
  std::vector<Sample> done_;
  std::string broken_;
  uint64_t snapshot_end_ = 0;  // sequence; 0: not fed yet
  bool snapshot_in_force_ = false;
};

}  // namespace sluice::bench::api
