// History: the records of late, as many as its memory holds; Cursor: a reader's place in it.
//
// Laws:
//  1. A record keeps its number; the numbers have no gap. What is pushed out is the oldest.
//  2. The records take no more than `most_bytes`, but for one record, which is always kept.
//  3. A Cursor hands out each record that its filter wants once, in order. What was pushed out before it came there,
//     wanted or not, is in the `lost` of the next one that it hands out, as is what records before it lost.
//
// One thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "agent/observe/filter.h"

namespace sluice::observe {

class History {
 public:
  // `name` is what the ids begin with, so that those of two agents differ.
  History(size_t most_bytes, std::string name) : most_bytes_(most_bytes), name_(std::move(name)) {}

  // Gives it its id.
  const FlowRecord& add(FlowRecord record);
  const FlowRecord* find(std::string_view id) const;
  uint64_t first() const { return first_; }
  uint64_t end() const { return first_ + records_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  friend class Cursor;
  struct Entry {
    FlowRecord record;
    uint64_t lost = 0;  // of all records up to this one
    size_t bytes = 0;
  };
  const size_t most_bytes_;
  const std::string name_;
  std::deque<Entry> records_;
  uint64_t first_ = 0, lost_ = 0;
  size_t bytes_ = 0;
};

class Cursor {
 public:
  // Before the last `last` records that the filter wants; absent: before all.
  static Cursor before(const History& history, const Filter& filter, const LabelsOf& labels_of,
                       std::optional<uint64_t> last);
  static Cursor at_end(const History& history) { return {history.end(), history.lost_}; }

  // The next record. It looks at no more than `looks` in vain, and takes these off. Nothing: call again, unless
  // is_at_end().
  std::optional<FlowRecord> next(const History& history, const Filter& filter, const LabelsOf& labels_of,
                                 size_t& looks);
  bool is_at_end(const History& history) const { return at_ == history.end(); }

 private:
  Cursor(uint64_t at, uint64_t lost) : at_(at), lost_(lost) {}
  uint64_t at_;          // the number of the record to look at next
  uint64_t lost_;        // told so far
  uint64_t missed_ = 0;  // pushed out before it came there
};

}  // namespace sluice::observe
