#include "agent/table/spell.h"

#include <cstring>

namespace sluice::table {
namespace {

// 16 bytes of an address as two words of two words of four bytes each, as bpf/identify.h reads them.
void spell_address(const uint8_t (&address)[16], Key& key) {
  uint32_t words[4];
  std::memcpy(words, address, sizeof words);
  key[0] = uint64_t{words[1]} << 32 | words[0];
  key[1] = uint64_t{words[3]} << 32 | words[2];
}

void read_address(const Key& key, uint8_t (&address)[16]) {
  const uint32_t words[4] = {static_cast<uint32_t>(key[0]), static_cast<uint32_t>(key[0] >> 32),
                             static_cast<uint32_t>(key[1]), static_cast<uint32_t>(key[1] >> 32)};
  std::memcpy(address, words, sizeof words);
}

}  // namespace

Key spell(const sluice_address4& key) {
  return {SLUICE_TABLE_KEY4(key.address, 0)};
}
Key spell(const sluice_prefix4& key) {
  return {SLUICE_TABLE_KEY4(key.address, key.length)};
}
Key spell(const sluice_rule& key) {
  return {key.ruleset, key.identity};
}
Key spell(const sluice_address6& key) {
  Key words{};
  spell_address(key.address, words);
  return words;
}
Key spell(const sluice_prefix6& key) {
  Key words{0, 0, SLUICE_PREFIX6_KEY(key.length)};
  spell_address(key.address, words);
  return words;
}
Key spell(const sluice_service& key) {
  Key words{0, 0, SLUICE_SERVICE_KEY(key)};
  spell_address(key.address, words);
  return words;
}

void read(const Key& words, sluice_address4& key) {
  key.address = static_cast<uint32_t>(words[0] >> 32);
}
void read(const Key& words, sluice_prefix4& key) {
  key.address = static_cast<uint32_t>(words[0] >> 32);
  key.length = static_cast<uint32_t>(words[0] >> 16 & 0xffff);
}
void read(const Key& words, sluice_rule& key) {
  key = {words[0], words[1]};
}
void read(const Key& words, sluice_address6& key) {
  read_address(words, key.address);
}
void read(const Key& words, sluice_prefix6& key) {
  read_address(words, key.address);
  key.length = static_cast<uint32_t>(words[2]);
}
void read(const Key& words, sluice_service& key) {
  read_address(words, key.address);
  key.port = static_cast<uint16_t>(words[2]);
  key.protocol = static_cast<uint8_t>(words[2] >> 16);
  key.kind = static_cast<uint8_t>(words[2] >> 24);
}

}  // namespace sluice::table
