// TableArrays: the arrays of the policy tables in the kernel: array maps seen as memory, each in its place in
// sluice_policy_tables, which packets read them through.
//
// Laws:
//  1. A table has two places. The word of sluice_config says which one packets read; the array in the other
//     is there only while a table grows.
//  2. Each array is pinned as <table>_0 or <table>_1 beside the maps, so that it outlives the agent.
//  3. Who dies half-way through growing leaves what was in force before; the next one removes the rest.
//  4. Who only looks may do so beside a writer. An array that it has opened stays as it was when the table grew
//     out of it; look_again() opens the one in force.
//
// One writer, as table::Tables; any number that look.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>

#include "agent/base/fd.h"
#include "agent/kernel/mapped_array.h"
#include "agent/table/tables.h"

namespace sluice::kernel {

class TableArrays final : public table::Arrays {
 public:
  // `outer` is sluice_policy_tables and must outlive it. `maps_dir`: where the maps are pinned; absent: the
  // arrays end with this. `look_only`: nothing is made or removed.
  static base::Result<std::unique_ptr<TableArrays>> open(int outer, MappedArray<sluice_config> config,
                                                         std::optional<std::filesystem::path> maps_dir,
                                                         bool look_only);

  // Where this only looks: opens what is in force by now, where a table grew or came.
  base::Status look_again();

  // Pins the arrays in force anew where others took their pins away; how many.
  base::Result<size_t> keep_pins() const;

  // Of the array in force; -1: there is none yet.
  int fd(sluice_table table) const { return arrays_[table].fd.get(); }

  std::span<sluice_line> in_force(sluice_table table) override;
  base::Result<std::span<sluice_line>> make(sluice_table table, size_t lines) override;
  base::Status show(sluice_table table) override;
  void drop(sluice_table table) override;
  base::Status wait_until_seen() override;

 private:
  struct Array {
    base::Fd fd;
    std::optional<MappedArray<sluice_line>> lines;
    uint64_t shape = 0;  // the word of sluice_config that it was opened by
  };
  TableArrays(int outer, MappedArray<sluice_config> config, std::optional<std::filesystem::path> maps_dir)
      : outer_(outer), config_(std::move(config)), maps_dir_(std::move(maps_dir)) {}
  uint64_t shape_in_force(sluice_table table) const;
  base::Status open_in_force(sluice_table table);
  base::Result<Array> open_pinned_array(sluice_table table, uint64_t shape) const;
  std::filesystem::path pin(sluice_table table, uint32_t array) const;
  base::Status place(sluice_table table, uint32_t array, int fd) const;
  void displace(sluice_table table, uint32_t array) const;
  void displace_left(sluice_table table) const;
  uint32_t other_array(sluice_table table) const;

  int outer_;
  MappedArray<sluice_config> config_;
  std::optional<std::filesystem::path> maps_dir_;
  std::array<Array, SLUICE_TABLE_COUNT> arrays_, next_;
};

}  // namespace sluice::kernel
