#include "agent/source/kube/change_queue.h"

namespace sluice::source::kube {
namespace {

// What an event takes beside the object itself.
constexpr size_t kEventOverhead = 32;

bool is_full(const Chunk& chunk, size_t bytes, const ChunkLimits& limits) {
  return chunk.items.size() >= limits.items || (bytes >= limits.bytes && !chunk.items.empty());
}

size_t size_of(const Chunk::Item& item) {
  return kEventOverhead +
         (item.packed != nullptr ? item.packed->size() : item.id.name.ns.size() + item.id.name.name.size());
}

}  // namespace

void ChangeQueue::start_over() {
  state_ = State::kSnapshot;
  cursor_.reset();
  lanes_.clear();
  turns_.clear();
  waiting_.clear();
  sent_.clear();
  taken_ = snapshot_end_ = 0;
}

void ChangeQueue::resume() {
  auto sent = std::exchange(sent_, {});
  // Before what waits: it changed earlier.
  for (auto batch = sent.rbegin(); batch != sent.rend(); ++batch)
    for (auto item = batch->second.rbegin(); item != batch->second.rend(); ++item)
      if (waiting_.insert(*item).second) lane_of(item->first).push_front(item->first);
}

void ChangeQueue::changed(const model::ObjectId& id, int64_t observed) {
  if (state_ == State::kIdle) return;
  // The snapshot has yet to come to it.
  if (state_ == State::kSnapshot && (!cursor_ || *cursor_ < id)) return;
  if (waiting_.emplace(id, observed).second) lane_of(id).push_back(id);
}

// The caller puts an id into it.
std::deque<model::ObjectId>& ChangeQueue::lane_of(const model::ObjectId& id) {
  std::deque<model::ObjectId>& lane = lanes_[id.name.ns];
  if (lane.empty()) turns_.push_back(id.name.ns);
  return lane;
}

model::ObjectId ChangeQueue::take_next() {
  const auto lane = lanes_.find(turns_.front());
  turns_.pop_front();
  model::ObjectId id = std::move(lane->second.front());
  lane->second.pop_front();
  if (lane->second.empty())
    lanes_.erase(lane);
  else
    turns_.push_back(lane->first);
  return id;
}

bool ChangeQueue::has_chunk() const {
  return state_ == State::kSnapshot || !waiting_.empty();
}

Chunk ChangeQueue::drain(uint64_t sequence, const ChunkLimits& limits) {
  Chunk chunk;
  if (state_ == State::kSnapshot) {
    fill_snapshot(chunk, limits);
    if (chunk.ends_snapshot) snapshot_end_ = sequence;
  } else {
    sent_.emplace_back(sequence, fill_changes(chunk, limits));
  }
  return chunk;
}

void ChangeQueue::fill_snapshot(Chunk& chunk, const ChunkLimits& limits) {
  chunk.begins_snapshot = !cursor_;
  size_t bytes = 0;
  Mirror::Held held = mirror_.after(cursor_ ? &*cursor_ : nullptr);
  while (held.packed != nullptr && !is_full(chunk, bytes, limits)) {
    cursor_ = held.id;
    chunk.items.push_back({std::move(held.id), held.packed, 0});
    bytes += size_of(chunk.items.back());
    held = mirror_.after(&*cursor_);
  }
  if (held.packed != nullptr) return;
  chunk.ends_snapshot = true;
  state_ = State::kChanges;
  cursor_.reset();
}

ChangeQueue::SentItems ChangeQueue::fill_changes(Chunk& chunk, const ChunkLimits& limits) {
  SentItems sent;
  size_t bytes = 0;
  while (!waiting_.empty() && !is_full(chunk, bytes, limits)) {
    const model::ObjectId id = take_next();
    const auto entry = waiting_.find(id);
    sent.emplace_back(id, entry->second);
    chunk.items.push_back({id, mirror_.packed(id), entry->second});
    bytes += size_of(chunk.items.back());
    waiting_.erase(entry);
  }
  return sent;
}

void ChangeQueue::acknowledge(uint64_t sequence) {
  taken_ = std::max(taken_, sequence);
  while (!sent_.empty() && sent_.front().first <= taken_) sent_.pop_front();
}

}  // namespace sluice::source::kube
