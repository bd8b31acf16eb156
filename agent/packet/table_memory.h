// TableMemory: the arrays of the policy tables in this process's memory. Not thread-safe.
#pragma once

#include <array>
#include <vector>

#include "agent/table/tables.h"

namespace sluice::packet {

class TableMemory final : public table::Arrays {
 public:
  // Whose words say which array is in force.
  explicit TableMemory(sluice_config& config) : config_(&config) {}

  // By SLUICE_TABLE_SLOT; none where nothing stands.
  std::span<const sluice_line> at(uint32_t slot) const { return arrays_.at(slot); }

  std::span<sluice_line> in_force(sluice_table table) override {
    const uint64_t shape = config_->table[table];
    return shape == 0 ? std::span<sluice_line>() : arrays_.at(SLUICE_TABLE_SLOT(table, shape));
  }
  base::Result<std::span<sluice_line>> make(sluice_table table, size_t lines) override {
    auto& array = arrays_.at(next_slot(table));
    array.assign(lines, {});
    return std::span<sluice_line>(array);
  }
  base::Status show(sluice_table table) override {
    const uint32_t next = next_slot(table);
    const uint64_t before = config_->table[table];
    config_->table[table] =
        SLUICE_TABLE_SHAPE(next & 1, table::Table::buckets_in(table, arrays_.at(next).size()));
    if (before != 0) arrays_.at(SLUICE_TABLE_SLOT(table, before)) = {};
    return base::done();
  }
  void drop(sluice_table table) override { arrays_.at(next_slot(table)) = {}; }
  base::Status wait_until_seen() override { return base::done(); }

 private:
  uint32_t next_slot(sluice_table table) const {
    const uint64_t shape = config_->table[table];
    return shape == 0 ? SLUICE_TABLE_SLOT(table, 0) : SLUICE_TABLE_SLOT(table, shape) ^ 1;
  }

  sluice_config* config_;
  std::array<std::vector<sluice_line>, size_t{SLUICE_TABLE_COUNT} * 2> arrays_;
};

}  // namespace sluice::packet
