// Outbox: what one node has yet to hear, as batches of the feed (proto/sluice/v1/feed.proto).
//
// Laws:
//  1. What is sent is cut out at one moment: a snapshot, or everything that waits, as one change however many batches
//     it takes. So no agent ever judges by a part of it, as by a pod without the policy that came with it.
//  2. An object that changes again before it is cut is sent once.
//  3. What waits is bounded: beyond `most` objects it is forgotten, and a snapshot comes next.
//
// One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "agent/model/cluster.h"
#include "agent/source/kube/change_queue.h"
#include "sluice/v1/feed.pb.h"

namespace sluice::relay {

class Outbox {
 public:
  // The object packed, as the node is to have it now; null: it is not to have it.
  using Show = std::function<std::shared_ptr<const std::string>(const model::ObjectId& id)>;
  using All = std::function<std::vector<model::ObjectId>()>;

  explicit Outbox(size_t most) : most_(most) {}

  void note(const model::ObjectId& id, int64_t observed);
  bool has_batch() const { return !cut_.empty() || snapshot_due_ || !waiting_.empty(); }
  // Would the next batch begin a snapshot? And is one under way?
  bool snapshot_next() const { return cut_.empty() && snapshot_due_; }
  bool in_snapshot() const { return is_snapshot_ && !cut_.empty(); }
  // has_batch() must hold.
  v1::Batch next(const All& all, const Show& show, const source::kube::ChunkLimits& limits);

  size_t waiting() const { return waiting_.size(); }
  uint64_t snapshots() const { return snapshots_; }

 private:
  struct Item {
    model::ObjectId id;
    std::shared_ptr<const std::string> packed;
    int64_t observed = 0;
  };
  void cut(const All& all, const Show& show);

  const size_t most_;
  std::map<model::ObjectId, int64_t> waiting_;  // with when they first changed
  bool snapshot_due_ = true;
  std::deque<Item> cut_;  // being sent
  bool is_snapshot_ = false, begins_ = false;
  uint64_t sequence_ = 0, snapshots_ = 0;
};

}  // namespace sluice::relay
