// Relay: feeds many nodes with what a Mirror holds, each with what its agent needs (agent/view/node_views.h).
//
// Laws:
//  1. Nobody is fed before the Mirror is complete.
//  2. A node that is slow costs bounded memory (outbox.h, limits.h) and none of the others: what is sent to it waits in
//     no queue of ours but one message; one that takes nothing for kStalled is cut off.
//  3. Of snapshots kMostSnapshots are under way at once; the others take turns.
//
// On the thread of the io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "agent/relay/limits.h"
#include "agent/relay/outbox.h"
#include "agent/source/kube/mirror.h"
#include "agent/view/node_views.h"
#include "sluice/v1/relay.pb.h"

namespace sluice::relay {

// Why a node is not fed, or no longer; one line.
struct Refusal {
  enum class Kind : uint8_t { kNotReady, kTooMany, kInvalid, kTooSlow } kind = Kind::kNotReady;
  std::string why;
};

// One stream of a node, as the Relay sees it. Called on the loop's thread.
class Follower {
 public:
  virtual ~Follower() = default;
  // One at a time: the next after Relay::written().
  virtual void write(v1::FollowReply reply) = 0;
  virtual void finish(const Refusal& why) = 0;
};

struct RelayLimits {
  size_t nodes = kMostNodes, waiting = kMostWaiting, snapshots = kMostSnapshots;
  std::chrono::milliseconds stalled = kStalled;
};

struct RelayCounts {
  uint64_t followed = 0, refused = 0, snapshots = 0, batches = 0, events = 0, bytes = 0, cut_off = 0;
};

class Relay {
 public:
  struct Names {
    std::string relay, source;  // Following's, for people
  };
  // Everything must outlive it.
  Relay(boost::asio::io_context& loop, Names names, const source::kube::Mirror& mirror,
        RelayLimits limits = {});

  // The Mirror's owner calls changed() on every change, and wake() on news that may have made it complete.
  void changed(const model::ObjectId& id, int64_t observed);
  void wake();
  void tell(v1::SourceState state);

  // A stream begins; an answer: it is refused, and forgotten.
  std::optional<Refusal> follow(const std::shared_ptr<Follower>& follower, const std::string& node);
  void written(const Follower& follower);
  void end(const Follower& follower);

  size_t nodes() const { return streams_.size(); }
  // Objects whose change waits for some node.
  size_t waiting() const;
  const RelayCounts& counts() const { return counts_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Stream {
    std::shared_ptr<Follower> follower;
    std::string node;
    Outbox outbox;
    bool state_due = true, writing = false, in_line = false, has_turn = false;
    Clock::time_point since;  // of the write that is under way
  };

  std::optional<model::Change> change_of(const model::ObjectId& id) const;
  void pump();
  void pump(Stream& stream);
  bool take_turn(Stream& stream);
  void give_turn_back(Stream& stream);
  void write(Stream& stream, v1::FollowReply reply);
  std::shared_ptr<const std::string> show(const std::string& node, const model::ObjectId& id) const;
  void watch_for_stalls();
  void forget(const Follower& follower);

  boost::asio::io_context& loop_;
  const Names names_;
  const source::kube::Mirror& mirror_;
  const RelayLimits limits_;
  view::NodeViews views_;
  v1::SourceState state_;
  std::map<const Follower*, Stream> streams_;
  std::map<std::string, std::set<Stream*>> by_node_;
  std::set<Stream*> news_;    // of whom something may be sent
  std::deque<Stream*> line_;  // for a turn at snapshots
  size_t turns_ = 0;          // taken
  int64_t observed_ = 0;      // of the change that the views are told of
  RelayCounts counts_;
  boost::asio::steady_timer stalls_;
  std::shared_ptr<const char> alive_ =
      std::make_shared<const char>();  // for what is posted and outlives this
  bool woken_ = false;
};

}  // namespace sluice::relay
