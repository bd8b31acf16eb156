#include "agent/kernel/flows.h"

#include <cstddef>
#include <cstring>

#include "agent/kernel/entries.h"

namespace sluice::kernel {

static_assert(offsetof(sluice_flow4_key, endpoint) == 0 && offsetof(sluice_flow6_key, endpoint) == 0);

base::Result<size_t> forget_flows(const Programs& programs, const std::set<uint32_t>& endpoints) {
  size_t forgotten = 0;
  if (endpoints.empty()) return forgotten;
  for (const sluice_map which : {SLUICE_MAP_FLOWS4, SLUICE_MAP_FLOWS6}) {
    const MapHandle map = programs.map(which);
    const size_t key_size = map.shape().key_size;
    auto entries = get_entries(map);
    if (!entries) return entries.error();
    std::vector<uint8_t> theirs;
    for (size_t at = 0; at < entries->keys.size(); at += key_size) {
      uint32_t endpoint = 0;
      std::memcpy(&endpoint, &entries->keys[at], sizeof endpoint);
      if (endpoints.contains(endpoint))
        theirs.insert(theirs.end(), &entries->keys[at], &entries->keys[at] + key_size);
    }
    forgotten += theirs.size() / key_size;
    if (auto dropped = drop_entries(map, theirs); !dropped) return dropped.error();
  }
  return forgotten;
}

}  // namespace sluice::kernel
