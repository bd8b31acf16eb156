// StreamSource: the feed as a source of objects (agent/source/feeder.h). Its streams call it.
//
// Laws:
//  1. One feeder at a time: a second one takes over, and the first one's stream is ended.
//  2. While no feeder is there, or a snapshot is under way, what counts stays as it is, and the
//     problems say so.
//  3. A request_read() is answered once a feeder is there, nothing of a snapshot is outstanding,
//     and everything that had come in by then is handed on.
//
// All calls on the agent's thread, save request_read().
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "agent/base/fd.h"
#include "agent/source/feed/session.h"
#include "agent/source/feeder.h"

namespace sluice::source::feed {

enum class FeedEnd : uint8_t { kSuperseded, kStopping };

// One stream of the feed, as StreamSource sees it. Called on the agent's thread.
class StreamPeer {
 public:
  virtual ~StreamPeer() = default;
  virtual void welcome(v1::Welcome welcome) = 0;
  // Only the last one counts, where several are waiting to be sent.
  virtual void tell(v1::Progress progress) = 0;
  virtual void finish(FeedEnd end, const std::string& why) = 0;
};

// For metrics.
struct FeedReading {
  bool connected = false, caught_up = false;
  uint64_t connections = 0, snapshots = 0, events = 0, refused = 0;
  double stale_seconds =
      0;  // since a feeder was last connected with nothing of a snapshot due; 0: it is so now
};

class StreamSource final : public source::Feeder {
 public:
  struct Settings {
    std::string node_name;
    std::function<std::chrono::system_clock::time_point()> now;
    // How long a change took, from Event.observed to being in force.
    std::function<void(std::chrono::duration<double> took)> observe;
  };
  static base::Result<std::unique_ptr<StreamSource>> open(Settings settings);

  int fd() const override { return wake_.get(); }
  std::optional<source::Batch> drain() override;
  bool synced() const override { return session_.synced(); }
  uint64_t request_read() override;
  void note_in_force(std::chrono::system_clock::time_point when) override;

  // A stream said hello. An error: the Hello is wrong.
  base::Status begin(const std::shared_ptr<StreamPeer>& peer, const v1::Hello& hello);
  // These count only on the stream that began last.
  std::optional<FeedBreach> accept_batch(const StreamPeer& peer, FedBatch batch);
  std::optional<FeedBreach> accept_state(const StreamPeer& peer, const v1::SourceState& state);
  void end(const StreamPeer& peer, const std::string& why);
  // Ends the stream, if there is one: the agent is stopping.
  void stop();

  FeedReading reading() const;
  // Why what counts may not be all there is, one line; empty where it is.
  std::string absence() const;

 private:
  StreamSource(Settings settings, base::Fd wake);
  void wake();
  void tell_progress();
  bool is_current() const;
  void note_current();  // before anything that may end it
  void report(source::Batch& batch) const;
  const Settings settings_;
  base::Fd wake_;
  FeedSession session_;
  std::shared_ptr<StreamPeer> peer_;
  std::string feeder_, source_;  // of the last Hello
  v1::SourceState state_;
  std::string away_since_;  // why and since when nobody feeds; empty while somebody does
  std::chrono::system_clock::time_point current_at_;  // when it was current last, where it is not
  uint64_t handed_ = 0, in_force_ = 0, connections_ = 0;
  std::vector<int64_t> observed_;  // of what is handed on and not in force yet: the first kFeedMostTimed
  std::atomic<uint64_t> requested_{0};
  uint64_t answered_ = 0;
};

}  // namespace sluice::source::feed
