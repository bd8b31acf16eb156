#include "agent/observe/history.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sluice::observe {

const FlowRecord& History::add(FlowRecord record) {
  record.id = name_ + std::to_string(end());
  lost_ += record.lost;
  // What the deque itself takes is less than as much again as an entry of it.
  const size_t bytes = memory_of(record) + sizeof(Entry) - sizeof(FlowRecord);
  records_.push_back({std::move(record), lost_, bytes});
  bytes_ += bytes;
  while (bytes_ > most_bytes_ && records_.size() > 1) {
    bytes_ -= records_.front().bytes;
    records_.pop_front();
    ++first_;
  }
  return records_.back().record;
}

const FlowRecord* History::find(std::string_view id) const {
  if (!id.starts_with(name_)) return nullptr;
  uint64_t number = 0;
  const char* end_of_id = id.data() + id.size();
  const auto [stop, code] = std::from_chars(id.data() + name_.size(), end_of_id, number);
  if (code != std::errc() || stop != end_of_id || number < first_ || number >= end()) return nullptr;
  return &records_[number - first_].record;
}

Cursor Cursor::before(const History& history, const Filter& filter, const LabelsOf& labels_of,
                      std::optional<uint64_t> last) {
  uint64_t at = last ? history.end() : history.first();
  for (uint64_t left = last.value_or(0); left > 0 && at > history.first();) {
    const FlowRecord& record = history.records_[--at - history.first_].record;
    if (filter.matches(record, labels_of)) --left;
  }
  if (at == history.end()) return at_end(history);
  const auto& entry = history.records_[at - history.first_];
  return {at, entry.lost - entry.record.lost};
}

std::optional<FlowRecord> Cursor::next(const History& history, const Filter& filter,
                                       const LabelsOf& labels_of, size_t& looks) {
  if (at_ < history.first_) missed_ += history.first_ - std::exchange(at_, history.first_);
  for (; looks > 0 && at_ < history.end(); --looks) {
    const auto& entry = history.records_[at_++ - history.first_];
    if (!filter.matches(entry.record, labels_of)) continue;
    FlowRecord found = entry.record;
    found.lost = entry.lost - std::exchange(lost_, entry.lost) + std::exchange(missed_, 0);
    return found;
  }
  return std::nullopt;
}

}  // namespace sluice::observe
