// ChangeQueue: what an agent has yet to hear of a Mirror, as chunks that become batches of the
// feed (proto/sluice/v1/feed.proto).
//
// Laws:
//  1. The chunks of a snapshot name every object of the Mirror once. Changes follow, each as the
//     object is when its chunk is made. Namespaces take turns, and so do objects of none among them: of one namespace, in
//     the order in which they first changed. So a flood of one namespace's keeps nobody else's waiting.
//  2. An object that changes again before its chunk is made is sent once. So at most one id an
//     object waits, however slow the agent.
//  3. What was sent and not taken is sent again after resume().
//
// One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/source/kube/mirror.h"

namespace sluice::source::kube {

struct ChunkLimits {
  size_t bytes = 256 << 10;
  size_t items = 1000;
};

struct Chunk {
  struct Item {
    model::ObjectId id;
    const std::string* packed = nullptr;  // null: it is gone. Valid until the Mirror changes
    int64_t observed = 0;                 // of the first change that is sent with it
  };
  bool begins_snapshot = false, ends_snapshot = false;
  std::vector<Item> items;
};

class ChangeQueue {
 public:
  explicit ChangeQueue(const Mirror& mirror) : mirror_(mirror) {}

  // The agent knows nothing: a snapshot comes next.
  void start_over();
  // Can a new stream go on after the last batch taken? Then resume() once the agent agrees.
  bool can_resume() const { return state_ == State::kChanges && taken_ >= snapshot_end_; }
  uint64_t taken() const { return taken_; }
  void resume();

  // The Mirror's owner calls it on every change.
  void changed(const model::ObjectId& id, int64_t observed);

  bool has_chunk() const;
  // The next one, which has the sequence number; has_chunk() must hold.
  Chunk drain(uint64_t sequence, const ChunkLimits& limits);
  // The agent has read everything up to this batch.
  void acknowledge(uint64_t sequence);
  // Changes that wait to be sent.
  size_t waiting() const { return waiting_.size(); }

 private:
  enum class State : uint8_t { kIdle, kSnapshot, kChanges };
  using SentItems = std::vector<std::pair<model::ObjectId, int64_t>>;

  std::deque<model::ObjectId>& lane_of(const model::ObjectId& id);
  model::ObjectId take_next();
  void fill_snapshot(Chunk& chunk, const ChunkLimits& limits);
  SentItems fill_changes(Chunk& chunk, const ChunkLimits& limits);

  const Mirror& mirror_;
  State state_ = State::kIdle;
  std::optional<model::ObjectId> cursor_;                     // the last one of the snapshot so far
  std::map<std::string, std::deque<model::ObjectId>> lanes_;  // by namespace; none is empty
  std::deque<std::string> turns_;                             // each of them once, the next one first
  std::map<model::ObjectId, int64_t> waiting_;                // the lanes', with when they first changed
  std::deque<std::pair<uint64_t, SentItems>> sent_;           // by sequence, not yet taken
  uint64_t taken_ = 0, snapshot_end_ = 0;
};

}  // namespace sluice::source::kube
