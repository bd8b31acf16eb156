// FeedSender: keeps one agent equal to a Mirror, over the agent's socket: a whole snapshot first,
// then every change.
//
// Laws:
//  1. Nothing is sent before the Mirror is complete.
//  2. While the agent is away, the sender tries again after a growing pause (kFeedPauseFirst to
//     kFeedPauseLongest; to kFeedRefusedLongest where the agent listened and did not take the
//     snapshot).
//  3. When the agent is back, the sender goes on where it was, if the agent still can, and else
//     sends everything anew.
//  4. No more is under way than the agent's window lets.
//
// It runs on the thread of the io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "agent/base/backoff.h"
#include "agent/base/log.h"
#include "agent/source/feed/client.h"
#include "agent/source/kube/change_queue.h"
#include "agent/watcher/audience.h"

namespace sluice::watcher {

inline constexpr std::chrono::milliseconds kFeedPauseFirst{100}, kFeedPauseLongest{1'000};
inline constexpr std::chrono::milliseconds kFeedRefusedLongest{60'000};
// A stream that took the snapshot and lasted so long was a good one: the next pause is the first again.
inline constexpr std::chrono::milliseconds kFeedSteady{5'000};

struct FeedSenderCounts {
  uint64_t streams = 0, snapshots = 0, batches = 0, events = 0;
};

class FeedSender final : public Audience {
 public:
  struct Options {
    std::string feeder, source;  // Hello's, for people
    std::string socket;
    std::string node;  // the agent's --node-name as expected; empty: whatever it is
  };

  // Everything must outlive it.
  FeedSender(boost::asio::io_context& loop, Options options, const source::kube::Mirror& mirror,
             const base::Log& log);

  void changed(const model::ObjectId& id, int64_t observed) override;
  void wake() override;
  // Sends the state of the source where it differs from what was sent before.
  void tell(const SourceNews& news) override;
  std::string not_ready() const override;
  void add_metrics(serve::MetricFamilies& all) const override;

 private:
  using Clock = std::chrono::steady_clock;

  // Has the agent read everything there was when it last had a whole snapshot?
  bool fed() const { return client_.is_open() && queue_.can_resume(); }
  void open();
  void welcomed(const v1::Welcome& welcome);
  void progressed(const v1::Progress& progress);
  void closed(const base::Error& why);
  void pump();
  void send(const source::kube::Chunk& chunk);

  boost::asio::io_context& loop_;
  const Options options_;
  const source::kube::Mirror& mirror_;
  const base::Log& log_;
  source::kube::ChangeQueue queue_;
  source::feed::FeedClient client_;
  boost::asio::steady_timer pause_;
  std::shared_ptr<const char> alive_ =
      std::make_shared<const char>();  // for what is posted and outlives this
  base::Backoff backoff_{kFeedPauseFirst, kFeedPauseLongest};
  std::string session_;
  std::string state_;  // the SourceState sent last, as bytes
  v1::SourceState source_state_;
  std::string problem_ = "no agent was reached yet";
  FeedSenderCounts counts_;
  source::kube::ChunkLimits limits_;
  std::optional<Clock::time_point> welcomed_;
  uint64_t next_ = 1, refused_ = 0, in_force_ = 0;
  bool begun_ = false, woken_ = false;
  bool fed_ = false;  // by this stream, once
};

}  // namespace sluice::watcher
