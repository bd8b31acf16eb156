// RelayedFeed: feeds the agent with what a relay has for its node, and from the API server itself while no relay answers.
//
// Laws:
//  1. What the relay sends is handed on as it comes, no faster than the agent takes it; nothing of it is kept here.
//  2. Where a relay goes away the next one is asked, and what it has is sent as a snapshot, which the agent compares with
//     what it holds: until its end the state of before stays in force.
//  3. Where none has answered for a while (fallback_after, up to twice that by chance, so that not all nodes go to the
//     API server at once), a Watcher follows the API server. Relays are asked further; the first that answers takes over.
//  4. While the agent is away no relay sends anything.
//
// Everything runs on the thread that runs `loop`.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/backoff.h"
#include "agent/base/log.h"
#include "agent/relay/client.h"
#include "agent/source/feed/client.h"
#include "agent/watcher/feed_sender.h"
#include "agent/watcher/watcher.h"

namespace sluice::watcher {

struct RelayedCounts {
  uint64_t moves = 0;      // from one relay to another, or to itself again
  uint64_t fallbacks = 0;  // to the API server
  uint64_t batches = 0, snapshots = 0, streams = 0;
};

class RelayedFeed {
 public:
  struct Options {
    std::string version, socket, node;
    std::vector<std::string> relays;  // HOST:PORT, one or more
    std::chrono::milliseconds fallback_after = std::chrono::seconds(30);
    std::chrono::milliseconds pause_first = std::chrono::milliseconds(200),
                              pause_longest = std::chrono::seconds(10);
  };
  // Follows the API server; `notes` are told to the agent.
  using MakeWatcher = std::function<std::unique_ptr<Watcher>(std::vector<std::string> notes)>;

  // `loop` and `log` must outlive it.
  RelayedFeed(boost::asio::io_context& loop, Options options,
              const std::shared_ptr<grpc::ChannelCredentials>& credentials, MakeWatcher make_watcher,
              const base::Log& log);
  RelayedFeed(const RelayedFeed&) = delete;
  RelayedFeed& operator=(const RelayedFeed&) = delete;

  void start();
  // start(), then until SIGTERM or SIGINT.
  void run();
  serve::HttpAnswer answer_http(const serve::HttpRequest& request);
  std::string not_ready() const;
  bool by_relay() const { return following_; }
  const RelayedCounts& counts() const { return counts_; }
  Watcher* fallback() { return watcher_.get(); }

 private:
  using Clock = std::chrono::steady_clock;

  void open_agent();
  void welcomed(const v1::Welcome& welcome);
  void progressed(const v1::Progress& progress);
  void agent_closed(const base::Error& why);

  void open_relay();
  void followed(const v1::Following& following);
  void take(v1::Batch batch);
  void relay_closed(const base::Error& why);
  void read_on();
  void fall_back();
  void pause(std::chrono::milliseconds longest, void (RelayedFeed::*then)());
  v1::SourceState state() const;
  std::vector<prometheus::MetricFamily> metrics() const;

  boost::asio::io_context& loop_;
  const Options options_;
  const MakeWatcher make_watcher_;
  const base::Log& log_;
  relay::RelayClient relay_;
  source::feed::FeedClient agent_;
  boost::asio::steady_timer pause_;
  base::Backoff agent_backoff_, relay_backoff_;
  std::unique_ptr<Watcher> watcher_;  // while the API server is followed

  size_t next_ = 0;         // of the relays
  size_t asked_ = 0;        // in vain, since one sent a snapshot
  bool following_ = false;  // a relay has said who it is
  bool waits_for_room_ = false;
  bool is_whole_ = true;  // the agent has been sent no part of anything
  bool in_snapshot_ = false;
  std::optional<Clock::time_point> away_since_;  // since when relays are asked in vain
  std::chrono::milliseconds patience_{0};        // law 3, as drawn
  v1::SourceState relay_state_;
  std::string relay_problem_ = "no relay was reached yet", agent_problem_ = "no agent was reached yet";
  uint64_t snapshot_end_ = 0, taken_ = 0, refused_ = 0;  // batches of the agent's stream
  bool was_welcomed_ = false, fed_ = false;              // the agent; and has taken a snapshot
  RelayedCounts counts_;
};

}  // namespace sluice::watcher
