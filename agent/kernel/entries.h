// Entries of hash and LPM maps, many at a time where the kernel can (BPF_MAP_*_BATCH: hashes since 5.6, tries
// later), one at a time elsewhere. Keys and values are packed back to back. Any thread; the map's fd is
// borrowed.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "agent/base/result.h"
#include "agent/kernel/shape.h"

namespace sluice::kernel {

// Writes `keys.size() / key_size` entries. On an error some of them may have been written. A map without room
// gives an error of code ENOSPC that names it and its limit.
base::Status put_entries(const MapHandle& map, std::span<const uint8_t> keys,
                         std::span<const uint8_t> values);

// Removes entries; one that is not there is no error.
base::Status drop_entries(const MapHandle& map, std::span<const uint8_t> keys);

// Of one key or value.
template <typename T>
std::span<const uint8_t> bytes_of(const T& value) {
  static_assert(std::has_unique_object_representations_v<T>);
  return {reinterpret_cast<const uint8_t*>(&value), sizeof value};
}

struct Entries {
  uint32_t count = 0;
  std::vector<uint8_t> keys, values;
};
// All entries, while no one else writes the map.
base::Result<Entries> get_entries(const MapHandle& map);

}  // namespace sluice::kernel
