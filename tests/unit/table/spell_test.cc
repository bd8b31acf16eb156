// Spell: each of the contract's keys stands in its table as itself and nothing else.
#include "agent/table/spell.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <set>

#include "tests/unit/table/raw_table.h"

namespace sluice::table {
namespace {

std::mt19937_64 g_random(1);

template <typename KeyType>
KeyType random_key() {
  uint8_t bytes[sizeof(KeyType)];
  for (auto& byte : bytes) byte = static_cast<uint8_t>(g_random());
  KeyType key;
  std::memcpy(&key, bytes, sizeof key);
  if constexpr (requires { key.length; }) key.length %= uint32_t{sizeof key.address * 8 + 1};
  return key;
}

template <typename KeyType>
class Spelling : public ::testing::Test {};
using KeyTypes = ::testing::Types<sluice_address4, sluice_address6, sluice_prefix4, sluice_prefix6,
                                  sluice_service, sluice_rule>;
TYPED_TEST_SUITE(Spelling, KeyTypes);

TYPED_TEST(Spelling, IsReadBack) {
  for (int i = 0; i < 10'000; ++i) {
    const auto key = random_key<TypeParam>();
    TypeParam found{};
    read(spell(key), found);
    ASSERT_EQ(std::memcmp(&key, &found, sizeof key), 0);
  }
}

// A key that differs in one bit of any byte is another key. Bits that no prefix's length has are left out.
TYPED_TEST(Spelling, TellsEveryBitApart) {
  const TypeParam key{};
  std::set<Key> spellings = {spell(key)};
  size_t tried = 1;
  for (size_t bit = 0; bit < sizeof key * 8; ++bit) {
    uint8_t bytes[sizeof key] = {};
    bytes[bit / 8] = static_cast<uint8_t>(1U << bit % 8);
    TypeParam other;
    std::memcpy(&other, bytes, sizeof other);
    if constexpr (requires { other.length; })
      if (other.length > sizeof other.address * 8) continue;
    spellings.insert(spell(other));
    ++tried;
  }
  EXPECT_EQ(spellings.size(), tried);
}

TEST(Spelling, OneWordKeysLeaveTheLowestBitsFree) {
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(spell(random_key<sluice_address4>())[0] & 0xffff, 0U);
    EXPECT_EQ(spell(random_key<sluice_prefix4>())[0] & 0xffff, 0U);
  }
}

// Their hash does not know the table: the key's third word says which is asked (bpf/table.h).
TEST(Spelling, ThreeWordKeysNameTheirTable) {
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(spell(random_key<sluice_prefix6>())[2] >> 32, uint64_t{SLUICE_TABLE_PREFIXES6});
    EXPECT_EQ(spell(random_key<sluice_service>())[2] >> 32, uint64_t{SLUICE_TABLE_SERVICES});
  }
}

TEST(Spelling, NumberedKeysOfTheTestsDiffer) {
  for (const sluice_map map : testing::kPolicyMaps) {
    std::set<Key> spellings;
    for (uint32_t number = 0; number < 50'000; ++number)
      spellings.insert(testing::numbered_key(map, number).words);
    EXPECT_EQ(spellings.size(), 50'000U) << image::map_name(map);
  }
}

}  // namespace
}  // namespace sluice::table
