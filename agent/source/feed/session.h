// FeedSession: what the agent knows of the feed: what the feeder sent, what of it counts, what is
// refused. It keeps the laws of proto/sluice/v1/feed.proto, without gRPC, fd or clock.
//
// Laws:
//  1. A batch counts wholly or, where it breaks a law, not at all.
//  2. Nothing of a snapshot, or of a change of several batches, counts before its end.
//  3. A NetworkPolicy that is refused, and of which no earlier version is held, is held closed.
//  4. The session holds ids alone; the objects themselves are the Reconciler's.
//
// One thread, save read_batch().
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "agent/model/cluster.h"
#include "sluice/v1/feed.pb.h"

namespace sluice::source::feed {

// How a message breaks the laws; one line.
struct FeedBreach {
  enum class Kind : uint8_t { kInvalid, kTooMuch, kOutOfTurn } kind = Kind::kInvalid;
  std::string what;
  bool operator==(const FeedBreach&) const = default;
};

struct FedEvent {
  model::ObjectId id;
  std::variant<model::Object, model::ObjectId, std::string> what;  // taken, removed, refused and why
  int64_t observed = 0;                                            // Unix nanoseconds; 0: not given
};

struct FedBatch {
  uint64_t sequence = 0;
  bool begins_snapshot = false, ends_snapshot = false;
  std::vector<FedEvent> events;
  bool continues = false;
};

// Decodes a batch; objects that are wrong are refused, each alone. Any thread.
std::variant<FedBatch, FeedBreach> read_batch(const v1::Batch& batch);

class FeedSession {
 public:
  // What is held at most, refused objects included.
  explicit FeedSession(size_t most_objects) : most_objects_(most_objects) {}

  // A stream begins; what the one before had begun and not ended is forgotten. Answers whether it resumes.
  bool begin(const std::string& session, uint64_t resume_after);
  std::optional<FeedBreach> accept(FedBatch batch);

  // Everything that counts since it was last asked, in order.
  struct News {
    std::vector<model::Change> changes;
    std::vector<int64_t> observed;  // of those events among them that are no snapshot's and have it
    uint64_t sequence = 0;          // of the last batch up to which everything counts
  };
  News drain_news();

  uint64_t taken() const { return taken_; }
  // A whole snapshot has been taken, in this session or an earlier one.
  bool synced() const { return snapshots_ > 0; }
  // What counts is all that the feeder has sent: no snapshot is due or under way, nor a change of several batches.
  bool caught_up() const { return !session_.empty() && !due_ && !snapshot_ && pending_.empty(); }
  uint64_t snapshots() const { return snapshots_; }
  uint64_t events() const { return events_; }
  const std::map<model::ObjectId, std::string>& refused() const { return refused_; }

 private:
  struct Snapshot {
    std::set<model::ObjectId> ids;  // refused ones too
    std::vector<model::Change> changes;
    std::map<model::ObjectId, std::string> refused;
  };
  std::optional<FeedBreach> fault_of(const FedBatch& batch) const;
  bool adds_too_much(const FedBatch& batch) const;
  void add_to_snapshot(FedEvent event);
  void accept_event(FedEvent event);
  void end_snapshot();

  const size_t most_objects_;
  std::string session_;
  uint64_t taken_ = 0;
  uint64_t counted_ = 0;           // as taken_, save batches of a snapshot or a change under way
  bool due_ = true;                // the next batch must begin a snapshot
  std::vector<FedEvent> pending_;  // of a change whose end has not come
  std::optional<Snapshot> snapshot_;
  std::set<model::ObjectId> held_;  // what the changes handed out add up to
  std::map<model::ObjectId, std::string> refused_;
  std::vector<model::Change> changes_;
  std::vector<int64_t> observed_;
  uint64_t snapshots_ = 0, events_ = 0;
};

}  // namespace sluice::source::feed
