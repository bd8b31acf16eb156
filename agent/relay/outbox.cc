#include "agent/relay/outbox.h"

#include <utility>

#include "agent/source/feed/encode.h"

namespace sluice::relay {

void Outbox::note(const model::ObjectId& id, int64_t observed) {
  if (snapshot_due_) return;
  waiting_.try_emplace(id, observed);
  if (waiting_.size() <= most_) return;
  waiting_.clear();
  snapshot_due_ = true;
}

void Outbox::cut(const All& all, const Show& show) {
  is_snapshot_ = begins_ = std::exchange(snapshot_due_, false);
  if (!is_snapshot_) {
    for (auto& [id, observed] : std::exchange(waiting_, {})) cut_.push_back({id, show(id), observed});
    return;
  }
  ++snapshots_;
  for (model::ObjectId& id : all())
    if (auto packed = show(id)) cut_.push_back({std::move(id), std::move(packed), 0});
}

v1::Batch Outbox::next(const All& all, const Show& show, const source::kube::ChunkLimits& limits) {
  if (cut_.empty()) cut(all, show);
  v1::Batch batch;
  batch.set_sequence(++sequence_);
  batch.set_begins_snapshot(std::exchange(begins_, false));
  size_t bytes = 0;
  for (size_t items = 0; !cut_.empty() && items < limits.items; ++items) {
    const Item& item = cut_.front();
    bytes += item.packed != nullptr ? item.packed->size() : 0;
    if (items > 0 && bytes > limits.bytes) break;
    v1::Event& event = *batch.add_events();
    event.set_observed(item.observed);
    if (item.packed == nullptr)
      *event.mutable_removed() = source::feed::encode(item.id);
    else
      event.mutable_upsert()->ParseFromString(*item.packed);
    cut_.pop_front();
  }
  batch.set_ends_snapshot(is_snapshot_ && cut_.empty());
  batch.set_continues(!is_snapshot_ && !cut_.empty());
  if (batch.ends_snapshot()) is_snapshot_ = false;
  return batch;
}

}  // namespace sluice::relay
