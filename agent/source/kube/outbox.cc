#include "agent/source/kube/outbox.h"

namespace sluice::kube {
namespace {

// What an event takes beside the object itself.
constexpr size_t kEventOverhead = 32;

bool is_full(const Parcel& parcel, size_t bytes, const ParcelLimits& limits) {
  return parcel.items.size() >= limits.items || (bytes >= limits.bytes && !parcel.items.empty());
}

size_t size_of(const Parcel::Item& item) {
  return kEventOverhead +
         (item.packed != nullptr ? item.packed->size() : item.id.name.ns.size() + item.id.name.name.size());
}

}  // namespace

void Outbox::start_over() {
  state_ = State::kSnapshot;
  cursor_.reset();
  queue_.clear();
  waiting_.clear();
  sent_.clear();
  taken_ = snapshot_end_ = 0;
}

void Outbox::resume() {
  auto sent = std::exchange(sent_, {});
  // Before what waits: it changed earlier.
  for (auto batch = sent.rbegin(); batch != sent.rend(); ++batch)
    for (auto told = batch->second.rbegin(); told != batch->second.rend(); ++told)
      if (waiting_.insert(*told).second) queue_.push_front(told->first);
}

void Outbox::changed(const model::ObjectId& id, int64_t observed) {
  if (state_ == State::kIdle) return;
  // The snapshot has yet to come to it.
  if (state_ == State::kSnapshot && (!cursor_ || *cursor_ < id)) return;
  if (waiting_.emplace(id, observed).second) queue_.push_back(id);
}

bool Outbox::has_parcel() const {
  return state_ == State::kSnapshot || !queue_.empty();
}

Parcel Outbox::take(uint64_t sequence, const ParcelLimits& limits) {
  Parcel parcel;
  if (state_ == State::kSnapshot) {
    fill_snapshot(parcel, limits);
    if (parcel.ends_snapshot) snapshot_end_ = sequence;
  } else {
    sent_.emplace_back(sequence, fill_changes(parcel, limits));
  }
  return parcel;
}

void Outbox::fill_snapshot(Parcel& parcel, const ParcelLimits& limits) {
  parcel.begins_snapshot = !cursor_;
  size_t bytes = 0;
  Mirror::Held held = mirror_.after(cursor_ ? &*cursor_ : nullptr);
  while (held.packed != nullptr && !is_full(parcel, bytes, limits)) {
    cursor_ = held.id;
    parcel.items.push_back({std::move(held.id), held.packed, 0});
    bytes += size_of(parcel.items.back());
    held = mirror_.after(&*cursor_);
  }
  if (held.packed != nullptr) return;
  parcel.ends_snapshot = true;
  state_ = State::kChanges;
  cursor_.reset();
}

Outbox::Told Outbox::fill_changes(Parcel& parcel, const ParcelLimits& limits) {
  Told told;
  size_t bytes = 0;
  while (!queue_.empty() && !is_full(parcel, bytes, limits)) {
    const auto entry = waiting_.find(queue_.front());
    told.emplace_back(queue_.front(), entry->second);
    parcel.items.push_back({queue_.front(), mirror_.packed(queue_.front()), entry->second});
    bytes += size_of(parcel.items.back());
    waiting_.erase(entry);
    queue_.pop_front();
  }
  return told;
}

void Outbox::acknowledge(uint64_t sequence) {
  taken_ = std::max(taken_, sequence);
  while (!sent_.empty() && sent_.front().first <= taken_) sent_.pop_front();
}

}  // namespace sluice::kube
