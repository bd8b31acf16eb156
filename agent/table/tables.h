// Tables: the policy tables of a node as the target of batches (agent/image/plan.h). Pure: memory comes from an
// Arrays, the kernel's or a test's.
//
// Laws:
//  1. A table grows when it is more than half full, by a new array beside the old one that is put in force by
//     one word; where there is no memory for that it goes on being filled.
//  2. What does not fit is an error that names the table and its limit.
//
// One writer.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/image/contents.h"
#include "agent/image/plan.h"
#include "agent/table/lengths.h"
#include "agent/table/table.h"

namespace sluice::table {

// Who has the memory, and shows it to packets.
class Arrays {
 public:
  virtual ~Arrays() = default;
  // The lines of the array in force; none where there is none yet.
  virtual std::span<sluice_line> in_force(sluice_table table) = 0;
  // A new array, all zero, which no packet reads.
  virtual base::Result<std::span<sluice_line>> make(sluice_table table, size_t lines) = 0;
  // The array made last is read from here on. Returns when no packet reads the one before, which is gone. On an
  // error the one before is still read.
  virtual base::Status show(sluice_table table) = 0;
  // The array made last, if it was not shown, is gone.
  virtual void drop(sluice_table table) = 0;
  // Returns when every packet that begins sees what was stored, before anything stored later. Asked only where
  // the processor promises no order of stores.
  virtual base::Status wait_until_seen() = 0;
};

// Whether this processor shows stores, and does loads, in the order of the program (x86: Intel SDM 3A 9.2).
inline constexpr bool kOrdered =
#if defined(__x86_64__)
    true;
#else
    false;
#endif

class Tables {
 public:
  // `config` is the one that packets read; its seed is drawn. `arrays`, `config` and the lengths outlive it.
  // Tables that do not exist yet are made.
  // `writes`: false where this only looks: nothing is made or stored.
  static base::Result<Tables> open(Arrays& arrays, const sluice_config& config, Lengths lengths,
                                   bool writes = true);

  static bool has(sluice_map map) { return map >= SLUICE_FIRST_TABLE && map < SLUICE_MAP_COUNT; }
  void set_limit(sluice_map map, uint32_t entries) { limits_.at(map - SLUICE_FIRST_TABLE) = entries; }

  // Writes or removes the entries of a batch, in which no key stands twice.
  base::Status write(const image::Batch& batch);
  // No packet that began before now is under way.
  void note_grace();

  size_t entries(sluice_map map) const { return of(map).entries(); }
  uint32_t buckets(sluice_map map) const { return of(map).buckets(); }
  // How often the table was to grow and could not, for want of memory.
  uint64_t growth_failures(sluice_map map) const { return growth_failures_.at(map - SLUICE_FIRST_TABLE); }
  // The tables that are more than half full since they could not grow, one line each.
  std::vector<std::string> problems() const;
  std::optional<sluice_cell> find(sluice_map map, const Key& key) const { return of(map).find(key); }
  void read(image::Contents& contents) const;

 private:
  Tables(Arrays& arrays, const sluice_config& config, Lengths lengths);
  Table& of(sluice_map map) { return *tables_.at(map - SLUICE_FIRST_TABLE); }
  const Table& of(sluice_map map) const { return *tables_.at(map - SLUICE_FIRST_TABLE); }
  base::Status publish(sluice_map map);
  base::Status grow(sluice_map map, size_t entries);
  base::Status try_to_grow(sluice_map map, size_t entries);
  base::Result<std::unique_ptr<Table>> copy_larger(sluice_map map, size_t entries);
  base::Status make_room(sluice_map map, size_t more);
  base::Status add(sluice_map map, const Key& key, const sluice_cell& cell, size_t more);
  template <typename KeyType>
  void fetch_ahead(const image::Batch& batch, uint32_t now) const;
  template <typename KeyType>
  base::Status put(const image::Batch& batch);
  template <typename KeyType>
  void remove(const image::Batch& batch);

  Arrays* arrays_;
  const sluice_config* config_;
  Lengths lengths_;
  std::array<std::unique_ptr<Table>, SLUICE_TABLE_COUNT> tables_;  // NULL: not there, and this only looks
  std::array<uint32_t, SLUICE_TABLE_COUNT> limits_;
  std::array<uint32_t, SLUICE_TABLE_COUNT> tried_{};  // entries from which on growing is tried again
  std::array<uint64_t, SLUICE_TABLE_COUNT> growth_failures_{};
  std::array<std::string, SLUICE_TABLE_COUNT> why_not_grown_;  // empty where the last growth went well
};

}  // namespace sluice::table
