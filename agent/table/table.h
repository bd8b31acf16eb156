// Table: one policy table (include/sluice/tables.h) in the memory that packets read it from: what its one
// writer does. bpf/table.h is its readers' side.
//
// Laws:
//  1. An entry never moves, and no packet sees a half-written one: key and fact are stored first, its state
//     last (publish()).
//  2. A fact changes by one word. The value that packets of the epoch in force see is not touched, nor moved to
//     another place by what is prepared for the next epoch and undone.
//  3. What was removed is free again after note_grace(): no packet that saw it is under way.
//  4. How many entries went past a bucket is counted in it before they are published, and given back when
//     they are removed. A count that is too high costs time, never an answer.
//
// One writer; readers need no lock. The memory outlives the table.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sluice/layout.h"

namespace sluice::table {

// A key as it stands in a bucket; words that its table does not use are 0.
using Key = std::array<uint64_t, 3>;

class Table {
 public:
  // A power of two.
  static uint32_t least_buckets(sluice_table which);
  static size_t lines_for(sluice_table which, uint32_t buckets);
  static uint32_t buckets_in(sluice_table which, size_t lines);

  // `lines`: all zero, or as an earlier agent left them; lines_for() as many. `seed`: of sluice_config.
  Table(sluice_table which, std::span<sluice_line> lines, const uint32_t* seed);

  // Published or not.
  size_t entries() const { return entries_; }
  uint32_t buckets() const { return mask_ + 1; }
  // More than half full: it works, and should grow before the next entry.
  bool crowded() const { return crowds(which_, buckets(), entries_); }
  static bool crowds(sluice_table which, uint32_t buckets, size_t entries);

  // Soon the key is put or removed: its bucket is fetched meanwhile.
  void prefetch(const Key& key) const;
  // The cell as it was put. What packets of `epoch` see of it is cell.before, or cell.now where it holds by
  // then.
  std::optional<sluice_cell> find(const Key& key) const;
  // Changes the fact of an entry, for packets of later epochs than `epoch`, which is in force. False: there is
  // no such entry.
  bool change(const Key& key, const sluice_cell& cell, uint64_t epoch);
  // A new entry, to be published. False: there is no place for it, and nothing was done.
  bool add(const Key& key, const sluice_cell& cell);
  bool has_unpublished() const { return !unpublished_.empty(); }
  void publish();
  // As if they had not been added.
  void forget_unpublished();
  // Was it there?
  bool remove(const Key& key);
  // No packet that began before the removals so far is under way.
  void note_grace();
  // Every entry in another table, published. False: one found no place.
  bool copy_to(Table& other) const;

  // visit(key, cell) for every entry.
  void for_each(const auto& visit) const {
    for (uint32_t bucket = 0; bucket < buckets(); ++bucket)
      for (uint32_t way = 0; way < ways_; ++way)
        if (state({bucket, way}) == SLUICE_WAY_VALID) visit(key({bucket, way}), cell({bucket, way}));
  }

 private:
  struct Place {
    uint32_t bucket, way;
  };
  __u64* words_of(uint32_t bucket) const;
  __u64* key_at(Place place) const;
  __u64* fact_at(Place place) const;
  __u64& state_word(Place place) const;
  uint32_t state_shift(Place place) const;
  uint64_t state(Place place) const;
  void set_state(Place place, uint64_t state);
  uint32_t passed(uint32_t bucket) const;
  void add_passed(uint32_t bucket, bool more);
  Key key(Place place) const;
  sluice_cell cell(Place place) const;
  bool is(Place place, const Key& key) const;
  uint64_t hash(const Key& key) const;
  // The buckets that the key may stand in, in order, until visit(bucket) says false.
  void probe(const Key& key, const auto& visit) const;
  std::optional<Place> place_of(const Key& key) const;
  std::optional<Place> free_place(const Key& key) const;
  void write(Place place, const Key& key, const std::array<uint64_t, 3>& fact);
  void count_passed(const Key& key, uint32_t bucket, bool more);

  sluice_table which_;
  uint32_t words_, ways_;
  std::span<sluice_line> lines_;
  std::array<uint32_t, SLUICE_FLOW_SEEDS> seed_{};
  uint32_t mask_ = 0;
  size_t entries_ = 0;
  std::vector<Place> unpublished_, removed_;
};

}  // namespace sluice::table
