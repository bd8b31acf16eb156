// The shape of every map, from the one list in include/sluice/maps.h.
#pragma once

#include <linux/bpf.h>

#include <array>
#include <cstdint>

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
}};

// A map at hand: whose it is not to say; the fd is borrowed.
struct MapHandle {
  sluice_map map = SLUICE_MAP_COUNT;
  int fd = -1;
  uint32_t entries = 0;  // its limit, which tests may have made smaller than the shape's
  const MapShape& shape() const { return kMapShapes[map]; }
};

}  // namespace sluice::kernel
