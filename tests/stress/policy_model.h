// PolicyModel: a universe of keys in real policy tables, and beside them what packets must see of each key. Changes
// come in the law-of-change order (agent/image/plan.h), or are undone, or are never finished.
//
// Laws:
//  1 A packet of the epoch in force sees what it saw before, whatever is prepared.
//  2 A packet of the next epoch sees what was prepared last.
//  3 Until a grace, packets of the epoch before see what they saw.
// Not thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "agent/packet/table_memory.h"
#include "tests/stress/policy_reader.h"

namespace sluice::testing {

// The memory of tables, and how often an array gave way to another one.
class WatchedArrays final : public table::Arrays {
 public:
  explicit WatchedArrays(sluice_config& config) : memory(config) {}
  std::span<sluice_line> in_force(sluice_table table) override { return memory.in_force(table); }
  base::Result<std::span<sluice_line>> make(sluice_table table, size_t lines) override {
    if (out_of_memory) return base::Error::from_errno(ENOMEM, "make an array");
    return memory.make(table, lines);
  }
  base::Status show(sluice_table table) override {
    on_show(table);
    const base::Status shown = memory.show(table);
    on_show(table);
    ++shows;
    return shown;
  }
  void drop(sluice_table table) override { memory.drop(table); }
  base::Status wait_until_seen() override { return base::done(); }

  packet::TableMemory memory;
  bool out_of_memory = false;
  size_t shows = 0;
  std::function<void(sluice_table)> on_show = [](sluice_table) {};
};

class PolicyModel {
 public:
  explicit PolicyModel(const std::vector<PolicyKey>& universe) {
    for (const PolicyKey& key : universe) entries_.push_back({key});
    restart();
  }
  PolicyModel(const PolicyModel&) = delete;
  PolicyModel& operator=(const PolicyModel&) = delete;

  size_t size() const { return entries_.size(); }
  uint64_t epoch() const { return config.epoch; }
  uint64_t now(size_t which) const { return entries_[which].now; }
  uint64_t next(size_t which) const { return entries_[which].next; }
  // Is there an entry, whatever it says?
  bool there(size_t which) const { return entries_[which].there; }
  const PolicyKey& key(size_t which) const { return entries_[which].key; }

  // What the next epoch is to see; kAbsent: nothing.
  base::Status prepare(size_t which, uint64_t value) {
    if (!graced_) grace();
    Entry& entry = entries_[which];
    if (value == kAbsent && !entry.there) return base::done();
    const base::Status put = tables_->write(one_put(entry.key, {epoch() + 1, entry.now, value}));
    if (!put) return put;
    entry.there = true;
    entry.next = value;
    return put;
  }
  // Undoes it, or writes over what an agent left that died.
  base::Status undo(size_t which) {
    Entry& entry = entries_[which];
    if (entry.now == kAbsent) return remove(which);
    if (!graced_) grace();
    entry.next = entry.now;
    return tables_->write(one_put(entry.key, {0, entry.now, entry.now}));
  }
  // No packet sees the entry from here on.
  base::Status remove(size_t which) {
    if (!graced_) grace();
    Entry& entry = entries_[which];
    entry.now = entry.next = kAbsent;
    entry.there = false;
    return tables_->write(one_removal(entry.key));
  }
  void flip() {
    if (!graced_) grace();
    ++config.epoch;
    graced_ = false;
    for (Entry& entry : entries_) entry.before = std::exchange(entry.now, entry.next);
  }
  void grace() {
    tables_->note_grace();
    graced_ = true;
  }
  // Removes what only the epoch before needed.
  base::Status clean_up() {
    grace();
    for (size_t i = 0; i < size(); ++i)
      if (there(i) && now(i) == kAbsent && next(i) == kAbsent)
        if (base::Status removed = remove(i); !removed) return removed;
    return base::done();
  }
  // An agent comes that knows nothing but the memory.
  void restart() { tables_ = std::move(*table::Tables::open(arrays, config, {lengths4, lengths6})); }

  // Does a packet see what it must see, in every epoch that one may be of?
  bool is_seen_truly(size_t which) {
    const Entry& entry = entries_[which];
    const auto sees = [&](uint64_t in, uint64_t value) {
      return reader.value(entry.key.map, entry.key.words, in) == value;
    };
    return sees(epoch(), entry.now) &&
           (graced_ ? sees(epoch() + 1, entry.next) : sees(epoch() - 1, entry.before));
  }
  // The same of the epoch in force alone: while a change is half prepared.
  bool is_seen_now(size_t which) {
    return reader.value(entries_[which].key.map, entries_[which].key.words, epoch()) == now(which);
  }
  // The first key of which a packet sees something else; none: all are true.
  std::optional<size_t> first_wrong() {
    for (size_t i = 0; i < size(); ++i)
      if (!is_seen_truly(i)) return i;
    return std::nullopt;
  }
  // Are there as many entries as there should be?
  bool is_counted_truly() const {
    std::array<size_t, SLUICE_TABLE_COUNT> counts{};
    for (const Entry& entry : entries_) counts.at(table_of(entry.key.map)) += entry.there;
    for (const sluice_map map : kPolicyMaps)
      if (tables_->entries(map) != counts.at(table_of(map))) return false;
    return true;
  }
  const table::Tables& tables() const { return *tables_; }
  table::Tables& tables() { return *tables_; }

  // What a PolicyReader asks.
  const __u64* line(uint32_t slot, uint32_t index) {
    ++lines_read;
    const auto lines = std::as_const(arrays).memory.at(slot);
    return index < lines.size() ? lines[index].word : nullptr;
  }
  sluice_config config = seeded_config();
  std::vector<sluice_lengths4> lengths4 = std::vector<sluice_lengths4>(SLUICE_LENGTH_SLOTS);
  std::vector<sluice_lengths6> lengths6 = std::vector<sluice_lengths6>(SLUICE_LENGTH_SLOTS);
  WatchedArrays arrays{config};
  PolicyReader<PolicyModel> reader{*this};
  uint64_t lines_read = 0;

 private:
  struct Entry {
    PolicyKey key;
    bool there = false;
    uint64_t before = kAbsent, now = kAbsent, next = kAbsent;
  };
  std::vector<Entry> entries_;
  std::optional<table::Tables> tables_;
  bool graced_ = true;
};

}  // namespace sluice::testing
