// RawTable: what the memory of a policy table says to whoever looks at all of it, by the layout alone: no hash, no
// order of look-ups. And TestArrays, memory that can run out.
#pragma once

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "agent/table/tables.h"
#include "tests/stress/policy_keys.h"

namespace sluice::testing {

struct RawEntry {
  size_t place = 0;  // the same number as long as the table does not grow
  uint64_t state = 0;
  table::Key key{};
  sluice_fact fact{};

  uint64_t seen_at(uint64_t epoch) const {
    const uint64_t last = fact.last & 1;
    return fact.value[fact.last >> 1 <= epoch ? last : last ^ 1];
  }
};

class RawTable {
 public:
  RawTable(sluice_table which, std::span<const sluice_line> lines) {
    for (const sluice_line& line : lines) {
      if (which == SLUICE_TABLE_ADDRESSES4 || which == SLUICE_TABLE_PREFIXES4)
        add_one_word_keys(line);
      else if (which == SLUICE_TABLE_ADDRESSES6 || which == SLUICE_TABLE_RULES)
        add_bucket<sluice_bucket2, SLUICE_TABLE2_WAYS>(line);
      else
        add_bucket<sluice_bucket3, SLUICE_TABLE3_WAYS>(line);
    }
  }

  // Every place there is, in use or not.
  std::vector<RawEntry> places;
  // How many entries went past, by bucket.
  std::vector<uint64_t> passed;

  size_t in_state(uint64_t state) const {
    size_t count = 0;
    for (const RawEntry& entry : places) count += entry.state == state;
    return count;
  }
  // The one valid entry of this key; none where there is none, or where it stands twice.
  std::optional<RawEntry> find(const table::Key& key) const {
    std::optional<RawEntry> found;
    for (const RawEntry& entry : places) {
      if (entry.state != SLUICE_WAY_VALID || entry.key != key) continue;
      if (found) return std::nullopt;
      found = entry;
    }
    return found;
  }
  // What packets of an epoch see, of every key.
  std::map<table::Key, uint64_t> seen_at(uint64_t epoch) const {
    std::map<table::Key, uint64_t> seen;
    for (const RawEntry& entry : places)
      if (entry.state == SLUICE_WAY_VALID) seen[entry.key] = entry.seen_at(epoch);
    return seen;
  }

 private:
  void add_one_word_keys(const sluice_line& line) {
    sluice_bucket1 buckets[2];
    static_assert(sizeof buckets == sizeof line);
    std::memcpy(buckets, &line, sizeof buckets);
    for (const sluice_bucket1& bucket : buckets) {
      passed.push_back(SLUICE_BUCKET1_PASSED(bucket.way[0].key));
      for (const auto& way : bucket.way)
        places.push_back(
            {places.size(), SLUICE_BUCKET1_STATE(way.key), {SLUICE_BUCKET1_KEY(way.key)}, way.fact});
    }
  }
  template <typename Bucket, uint32_t kWays>
  void add_bucket(const sluice_line& line) {
    Bucket bucket;
    std::memcpy(&bucket, &line, sizeof bucket);
    passed.push_back(SLUICE_BUCKET_PASSED(bucket.head));
    for (uint32_t way = 0; way < kWays; ++way) {
      table::Key key{};
      std::copy(std::begin(bucket.key[way]), std::end(bucket.key[way]), key.begin());
      places.push_back({places.size(), SLUICE_BUCKET_STATE(bucket.head, way), key, bucket.fact[way]});
    }
  }
};

class TestArrays final : public table::Arrays {
 public:
  using OnShow = std::function<void(sluice_table, std::span<const sluice_line> before,
                                    std::span<const sluice_line> next)>;

  bool out_of_memory = false;
  size_t made = 0, shown = 0;
  OnShow on_show = [](sluice_table, std::span<const sluice_line>, std::span<const sluice_line>) {};

  std::span<sluice_line> in_force(sluice_table table) override { return shown_.at(table); }
  base::Result<std::span<sluice_line>> make(sluice_table table, size_t lines) override {
    if (out_of_memory) return base::Error::from_errno(ENOMEM, "make an array");
    ++made;
    next_.at(table).assign(lines, {});
    return std::span<sluice_line>(next_.at(table));
  }
  base::Status show(sluice_table table) override {
    ++shown;
    on_show(table, shown_.at(table), next_.at(table));
    shown_.at(table).swap(next_.at(table));
    next_.at(table) = {};
    return base::done();
  }
  void drop(sluice_table table) override { next_.at(table) = {}; }
  base::Status wait_until_seen() override { return base::done(); }

 private:
  std::array<std::vector<sluice_line>, SLUICE_TABLE_COUNT> shown_, next_;
};

}  // namespace sluice::testing
