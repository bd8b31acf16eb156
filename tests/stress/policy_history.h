// What numbered keys of the policy tables hold in an epoch: known by key and epoch alone, so that whoever reads one
// sees at once whether it is what that epoch's packets must see. Pure; any thread.
//
// Law: a round is kRound epochs. In its first one nothing is there; from then on there is more and more.
#pragma once

#include "tests/stress/policy_keys.h"

namespace sluice::testing {

inline constexpr uint32_t kNumbers = 4096;  // keys of each table
inline constexpr uint64_t kRound = 12;      // epochs

inline uint64_t mixed(uint64_t number) {
  number = (number + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
  number = (number ^ number >> 29) * 0x94d049bb133111eb;
  return number ^ number >> 32;
}
inline uint64_t drawn(size_t id, uint64_t epoch) {
  return mixed(epoch * SLUICE_TABLE_COUNT * kNumbers + id);
}
inline bool begins_round(uint64_t epoch) {
  return epoch % kRound == 0;
}
// What the key changes to in this epoch, where it changes.
inline uint64_t changed_to(size_t id, uint64_t epoch) {
  const uint64_t value = mixed(drawn(id, epoch));
  return value % 3 == 0 ? kAbsent : value >> 1;
}
inline bool changes(size_t id, uint64_t epoch) {
  return drawn(id, epoch) % 6 == 0;
}
// Nothing is there when a round begins.
inline uint64_t value_in(size_t id, uint64_t epoch) {
  for (; !begins_round(epoch); --epoch)
    if (changes(id, epoch)) return changed_to(id, epoch);
  return kAbsent;
}
inline size_t id_of(sluice_map map, uint32_t number) {
  return table_of(map) * size_t{kNumbers} + number;
}
inline uint64_t longest_in(sluice_map map, uint32_t group, uint64_t epoch) {
  uint64_t value = kAbsent;
  for (uint32_t deeper = kGroup; deeper-- > 0 && value == kAbsent;)
    value = value_in(id_of(map, group * kGroup + deeper), epoch);
  return value;
}

}  // namespace sluice::testing
