// What a packet sees of policy tables: their look-ups as user space builds them (agent/packet/path.c), over memory of
// the test's own.
//
// Memory has `config`, `lengths4`, `lengths6` and line(slot, index), as sluice_user_ctx.table_line has it.
// A reader is one thread's; it asks for nothing but what Memory has.
#pragma once

#include <cstring>

#include "agent/packet/user_ctx.h"
#include "tests/stress/policy_keys.h"

namespace sluice::testing {

template <typename Memory>
class PolicyReader {
 public:
  explicit PolicyReader(Memory& memory) {
    ctx_.maps = &memory;
    ctx_.lookup = lookup;
    ctx_.table_line = [](void* maps, __u32 slot, __u32 index) {
      return static_cast<Memory*>(maps)->line(slot, index);
    };
  }
  uint64_t value(sluice_map map, const table::Key& words, uint64_t epoch) {
    const __u64 key[3] = {words[0], words[1], words[2]};
    return sluice_user_policy_value(&ctx_, table_of(map), key, epoch);
  }
  uint64_t longest4(const AddressBytes& address, uint64_t epoch) {
    return sluice_user_longest_prefix(&ctx_, 4, address.data(), epoch);
  }
  uint64_t longest6(const AddressBytes& address, uint64_t epoch) {
    return sluice_user_longest_prefix(&ctx_, 6, address.data(), epoch);
  }

 private:
  static void* lookup(void* maps, sluice_map map, const void* key) {
    auto& memory = *static_cast<Memory*>(maps);
    uint32_t index;
    std::memcpy(&index, key, sizeof index);
    if (map == SLUICE_MAP_CONFIG) return &memory.config;
    if (map == SLUICE_MAP_PREFIX_LENGTHS4) return &memory.lengths4[index];
    if (map == SLUICE_MAP_PREFIX_LENGTHS6) return &memory.lengths6[index];
    return nullptr;
  }

  sluice_user_ctx ctx_{};
};

}  // namespace sluice::testing
