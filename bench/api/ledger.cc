#include "bench/api/ledger.h"

namespace sluice::bench::api {
namespace {

std::string text_of(const model::ObjectId& id) {
  return std::string(model::to_text(id.kind)) + " " + id.name.to_text();
}

}  // namespace

void Ledger::made(const model::ObjectId& id, std::string_view kind, Clock::time_point when) {
  const std::lock_guard lock(mutex_);
  if (!under_way_.try_emplace(id, Sample{kind, when, {}, {}, {}}).second)
    broken_ = text_of(id) + " changed again before its last change was in force";
}

void Ledger::written(const model::ObjectId& id, Clock::time_point when) {
  const std::lock_guard lock(mutex_);
  if (const auto found = under_way_.find(id); found != under_way_.end()) found->second.written = when;
}

void Ledger::stream_began() {
  const std::lock_guard lock(mutex_);
  fed_.clear();
  snapshot_end_ = 0;
  snapshot_in_force_ = false;
}

void Ledger::fed(const Batch& batch, Clock::time_point when) {
  const std::lock_guard lock(mutex_);
  if (batch.ends_snapshot) snapshot_end_ = batch.sequence;
  for (const model::ObjectId& id : batch.objects) {
    const auto found = under_way_.find(id);
    if (found == under_way_.end()) continue;  // of the snapshot
    found->second.fed = when;
    fed_[batch.sequence].push_back(id);
  }
}

void Ledger::in_force(uint64_t sequence, Clock::time_point when) {
  const std::lock_guard lock(mutex_);
  snapshot_in_force_ = snapshot_end_ != 0 && sequence >= snapshot_end_;
  for (auto batch = fed_.begin(); batch != fed_.end() && batch->first <= sequence; batch = fed_.erase(batch))
    for (const model::ObjectId& id : batch->second) {
      auto node = under_way_.extract(id);
      if (node.empty()) continue;
      node.mapped().in_force = when;
      done_.push_back(node.mapped());
    }
  news_.notify_all();
}

bool Ledger::wait_for_snapshot(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  return news_.wait_for(lock, most, [this] { return snapshot_in_force_; });
}

base::Status Ledger::wait_for_all(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  const bool all = news_.wait_for(lock, most, [this] { return under_way_.empty(); });
  if (!broken_.empty()) return base::Error(broken_);
  if (all) return base::done();
  const auto& [id, sample] = *under_way_.begin();
  const char* where = sample.written == Clock::time_point() ? "not written by the API server"
                      : sample.fed == Clock::time_point()   ? "not fed by the watcher"
                                                            : "not in force";
  return base::Error(std::to_string(under_way_.size()) + " changes are not in force; " + text_of(id) + " (" +
                     std::string(sample.kind) + ") is " + where);
}

std::vector<Sample> Ledger::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(done_, {});
}

}  // namespace sluice::bench::api
