// Keys of the policy tables by number, and batches of them. For a numbered key everything is known by its number,
// so that tests, the stress and a fuzz target can ask for it again. Pure; any thread.
//
// Laws:
//  1 Different numbers below kMostNumbers are different keys.
//  2 Four prefixes that follow each other (a group) lie in each other, the widest first; those of two groups do not
//    overlap. Eight groups have the same first 16 bits.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "agent/image/encode.h"
#include "agent/table/spell.h"
#include "agent/table/tables.h"

namespace sluice::testing {

inline constexpr uint64_t kAbsent = ~uint64_t{0};
inline constexpr uint32_t kMostNumbers = 1 << 21;
inline constexpr uint32_t kGroup = 4;
inline constexpr std::array<uint32_t, kGroup> kLengths4 = {19, 24, 28, 32}, kLengths6 = {19, 64, 65, 128};

inline constexpr std::array<sluice_map, SLUICE_TABLE_COUNT> kPolicyMaps = {
#define SLUICE_POLICY_MAP(NAME, name, key, words, entries) SLUICE_MAP_##NAME,
    SLUICE_TABLES(SLUICE_POLICY_MAP)
#undef SLUICE_POLICY_MAP
};

inline sluice_table table_of(sluice_map map) {
  return static_cast<sluice_table>(map - SLUICE_FIRST_TABLE);
}

using AddressBytes = std::array<uint8_t, 16>;

// The first `length` bits of an address; the rest is 0.
inline AddressBytes first_bits_of(AddressBytes address, uint32_t length) {
  for (uint32_t byte = 0; byte < address.size(); ++byte) {
    const uint32_t kept = std::clamp<uint32_t>(length, byte * 8, byte * 8 + 8) - byte * 8;
    address[byte] = static_cast<uint8_t>(address[byte] & 0xff00U >> kept);
  }
  return address;
}

// The big-endian number at the address's begin; what follows is full of ones, and ends in the number again.
inline AddressBytes numbered_address(uint32_t number) {
  AddressBytes address;
  address.fill(0xff);
  for (uint32_t byte = 0; byte < 4; ++byte)
    address[byte] = address[12 + byte] = static_cast<uint8_t>(number >> (24 - 8 * byte));
  return address;
}

// An address in all prefixes of a group.
inline AddressBytes address_in_group(uint32_t group) {
  return numbered_address(group << 13 | 0x1abc);
}

// One key, as it comes in a batch and as it stands in a table.
struct PolicyKey {
  sluice_map map = SLUICE_MAP_COUNT;
  std::vector<uint8_t> bytes;
  table::Key words{};
};

template <typename Key>
PolicyKey policy_key(sluice_map map, const Key& key) {
  PolicyKey made{map, std::vector<uint8_t>(sizeof key), table::spell(key)};
  std::memcpy(made.bytes.data(), &key, sizeof key);
  return made;
}

inline PolicyKey prefix4(const AddressBytes& address, uint32_t length) {
  sluice_prefix4 key{.length = length, .address = 0};
  std::memcpy(&key.address, first_bits_of(address, length).data(), sizeof key.address);
  return policy_key(SLUICE_MAP_PREFIXES4, key);
}
inline PolicyKey prefix6(const AddressBytes& address, uint32_t length) {
  sluice_prefix6 key{.length = length, .address = {}};
  std::memcpy(key.address, first_bits_of(address, length).data(), sizeof key.address);
  return policy_key(SLUICE_MAP_PREFIXES6, key);
}

inline PolicyKey numbered_service(uint32_t number) {
  sluice_service key{};
  const auto address = numbered_address(0x0a60'0000 + number / 4);
  std::memcpy(key.address, address.data(), 4);
  key.port = static_cast<uint16_t>(number & 2 ? 80 : 443);
  key.protocol = static_cast<uint8_t>(number & 1 ? 6 : 17);
  key.kind = SLUICE_SERVICE_IPV4;
  return policy_key(SLUICE_MAP_SERVICES, key);
}

inline PolicyKey numbered_key(sluice_map map, uint32_t number) {
  const auto address = numbered_address(0x0a00'0000 + number);
  const auto in_group = address_in_group(number / kGroup);
  sluice_address4 ip4{};
  sluice_address6 ip6{};
  std::memcpy(&ip4, address.data(), sizeof ip4);
  std::memcpy(&ip6, address.data(), sizeof ip6);
  switch (table_of(map)) {
    case SLUICE_TABLE_ADDRESSES4:
      return policy_key(map, ip4);
    case SLUICE_TABLE_ADDRESSES6:
      return policy_key(map, ip6);
    case SLUICE_TABLE_PREFIXES4:
      return prefix4(in_group, kLengths4[number % kGroup]);
    case SLUICE_TABLE_PREFIXES6:
      return prefix6(in_group, kLengths6[number % kGroup]);
    case SLUICE_TABLE_SERVICES:
      return numbered_service(number);
    case SLUICE_TABLE_RULES:
    case SLUICE_TABLE_COUNT:
      break;
  }
  return policy_key(SLUICE_MAP_RULES, sluice_rule{1 + number / 64, number % 64});
}

// Adds one entry to a batch of puts, or of removals.
inline void put(image::Batch& batch, const PolicyKey& key, const sluice_cell& cell) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&cell);
  batch.map = key.map;
  batch.keys.insert(batch.keys.end(), key.bytes.begin(), key.bytes.end());
  batch.values.insert(batch.values.end(), bytes, bytes + sizeof cell);
  ++batch.count;
}
inline void remove(image::Batch& batch, const PolicyKey& key) {
  batch.map = key.map;
  batch.removal = true;
  batch.keys.insert(batch.keys.end(), key.bytes.begin(), key.bytes.end());
  ++batch.count;
}
inline image::Batch one_put(const PolicyKey& key, const sluice_cell& cell) {
  image::Batch batch;
  put(batch, key, cell);
  return batch;
}
inline image::Batch one_removal(const PolicyKey& key) {
  image::Batch batch;
  remove(batch, key);
  return batch;
}

// At epoch 1, with a seed that any test may have: nobody aims at these buckets.
inline sluice_config seeded_config() {
  sluice_config config{};
  config.epoch = 1;
  uint32_t seed = 0x9e3779b9;
  for (auto& word : config.flow_seed) word = seed = seed * 1664525 + 1013904223;
  return config;
}

}  // namespace sluice::testing
