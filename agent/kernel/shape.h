// The shape of every map, from the one list in include/sluice/maps.h; and of the policy tables, whose arrays
// come and go: for these, what a batch carries and how many entries they may have.
#pragma once

#include <linux/bpf.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "sluice/maps.h"

namespace sluice::kernel {

struct MapShape {
  const char* name;  // as pinned; "sluice_<name>" in the object
  uint32_t type, key_size, value_size, entries, flags;
};

inline constexpr std::array<MapShape, SLUICE_MAP_COUNT> kMapShapes = {{
#define SLUICE_SHAPE(NAME, name, type, key, value, entries, flags) \
  MapShape{#name, BPF_MAP_TYPE_##type, sizeof(key), sizeof(value), entries, flags},
    SLUICE_MAPS(SLUICE_SHAPE)
#undef SLUICE_SHAPE
#define SLUICE_SHAPE(NAME, name, key, words, entries) \
  MapShape{#name, BPF_MAP_TYPE_UNSPEC, sizeof(key), sizeof(sluice_cell), entries, 0},
        SLUICE_TABLES(SLUICE_SHAPE)
#undef SLUICE_SHAPE
}};

// A map's type as bpftool writes it; of a policy table "table".
inline constexpr std::string_view kind_text(uint32_t type) {
  switch (type) {
    case BPF_MAP_TYPE_UNSPEC:
      return "table";
    case BPF_MAP_TYPE_ARRAY:
      return "array";
    case BPF_MAP_TYPE_HASH:
      return "hash";
    case BPF_MAP_TYPE_LPM_TRIE:
      return "lpm_trie";
    case BPF_MAP_TYPE_LRU_HASH:
      return "lru_hash";
    case BPF_MAP_TYPE_PERCPU_ARRAY:
      return "percpu_array";
    case BPF_MAP_TYPE_RINGBUF:
      return "ringbuf";
    default:  // the kernel's list is open
      return "?";
  }
}

inline constexpr bool is_table(sluice_map map) {
  return map >= SLUICE_FIRST_TABLE && map < SLUICE_MAP_COUNT;
}

// A map at hand: whose it is not to say; the fd is borrowed.
struct MapHandle {
  sluice_map map = SLUICE_MAP_COUNT;
  int fd = -1;
  uint32_t entries = 0;  // its limit, which tests may have made smaller than the shape's
  const MapShape& shape() const { return kMapShapes[map]; }
};

}  // namespace sluice::kernel
