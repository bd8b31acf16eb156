// Tables: how policy tables grow, what they say when they cannot, and how they are opened again.
#include "agent/table/tables.h"

#include <gmock/gmock.h>

#include "tests/unit/table/raw_table.h"

namespace sluice::table {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kAbsent;
using testing::kPolicyMaps;
using testing::numbered_key;
using testing::one_put;
using testing::one_removal;
using testing::RawTable;
using testing::table_of;
using testing::TestArrays;

constexpr uint32_t kGrown = 9000;  // entries for which each table grows several times

class TablesTest : public ::testing::Test {
 protected:
  Tables open() { return std::move(*Tables::open(arrays_, config_, {lengths4_, lengths6_})); }
  base::Status put(sluice_map map, uint32_t number, const sluice_cell& cell) {
    return tables_.write(one_put(numbered_key(map, number), cell));
  }
  // Numbered keys from `first` on, in one batch.
  base::Status put_many(sluice_map map, uint32_t first, uint32_t count) {
    image::Batch batch;
    for (uint32_t i = first; i < first + count; ++i)
      testing::put(batch, numbered_key(map, i), {2, kAbsent, i});
    return tables_.write(batch);
  }
  RawTable raw(sluice_map map) { return {table_of(map), arrays_.in_force(table_of(map))}; }
  // A line holds four entries of one-word keys, or a bucket of the others.
  size_t places_in(sluice_map map) {
    static constexpr size_t kPlaces[] = {4, 3, 4, 2, 2, 3};
    return arrays_.in_force(table_of(map)).size() * kPlaces[table_of(map)];
  }
  bool holds(sluice_map map, uint32_t number) const {
    const auto found = tables_.find(map, numbered_key(map, number).words);
    return found && found->since == 2 && found->before == kAbsent && found->now == number;
  }

  sluice_config config_ = testing::seeded_config();
  std::vector<sluice_lengths4> lengths4_ = std::vector<sluice_lengths4>(SLUICE_LENGTH_SLOTS);
  std::vector<sluice_lengths6> lengths6_ = std::vector<sluice_lengths6>(SLUICE_LENGTH_SLOTS);
  TestArrays arrays_;
  Tables tables_ = open();
};

TEST_F(TablesTest, AreMadeWhereThereAreNone) {
  EXPECT_EQ(arrays_.shown, size_t{SLUICE_TABLE_COUNT});
  for (const sluice_map map : kPolicyMaps) {
    EXPECT_EQ(tables_.entries(map), 0U);
    EXPECT_EQ(tables_.buckets(map), Table::least_buckets(table_of(map)));
  }
}

TEST_F(TablesTest, GrowthDoublesAndKeepsEveryEntry) {
  for (const sluice_map map : kPolicyMaps) {
    uint32_t buckets = tables_.buckets(map);
    const uint32_t first = buckets;
    for (uint32_t i = 0; i < kGrown; ++i) {
      const size_t places = places_in(map);
      ASSERT_TRUE(put(map, i, {2, kAbsent, i}).ok());
      ASSERT_LE(tables_.entries(map), places_in(map) / 2 + 1) << "what is half full grows";
      if (tables_.buckets(map) == buckets) continue;
      ASSERT_EQ(tables_.buckets(map), buckets * 2);
      ASSERT_GT(tables_.entries(map), places / 2) << "and not before that";
      buckets *= 2;
      for (uint32_t kept = 0; kept <= i; ++kept) ASSERT_TRUE(holds(map, kept)) << kept << " of " << i;
    }
    EXPECT_GE(buckets, first * 4) << image::map_name(map);
    EXPECT_EQ(tables_.entries(map), kGrown);
  }
}

// Each entry stands in the next array before packets read it, what is pending and what one batch added just before
// as well.
TEST_F(TablesTest, ReadersOfBothArraysSeeAll) {
  for (const sluice_map map : kPolicyMaps) {
    size_t compared = 0;
    arrays_.on_show = [&](sluice_table which, auto before, auto next) {
      const RawTable old(which, before), grown(which, next);
      for (const uint64_t epoch : {1, 2}) EXPECT_EQ(old.seen_at(epoch), grown.seen_at(epoch));
      EXPECT_EQ(grown.in_state(SLUICE_WAY_VALID), tables_.entries(map));
      ++compared;
    };
    ASSERT_TRUE(put_many(map, 0, kGrown / 3).ok());
    ASSERT_TRUE(put_many(map, kGrown / 3, kGrown).ok());
    EXPECT_GE(compared, 2U);
    for (uint32_t i = 0; i < kGrown / 3 + kGrown; ++i) ASSERT_TRUE(holds(map, i));
  }
}

TEST_F(TablesTest, LimitIsAnErrorThatNamesTheMap) {
  for (const sluice_map map : kPolicyMaps) {
    tables_.set_limit(map, 3);
    ASSERT_TRUE(put_many(map, 0, 3).ok());
    const auto status = put_many(map, 1, 3);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code(), ENOSPC);
    EXPECT_THAT(status.error().message(), HasSubstr("map " + std::string(image::map_name(map))));
    EXPECT_THAT(status.error().message(), HasSubstr("its limit is 3 entries"));
    EXPECT_EQ(tables_.entries(map), 3U);
    ASSERT_TRUE(tables_.write(one_removal(numbered_key(map, 0))).ok());
    EXPECT_TRUE(put(map, 3, {2, kAbsent, 3}).ok()) << "there is room again";
  }
}

TEST_F(TablesTest, WhatABatchPutBeforeItFailedIsThere) {
  tables_.set_limit(SLUICE_MAP_RULES, 10);
  EXPECT_FALSE(put_many(SLUICE_MAP_RULES, 0, 20).ok());
  for (uint32_t i = 0; i < 20; ++i) EXPECT_EQ(holds(SLUICE_MAP_RULES, i), i < 10) << i;
}

TEST_F(TablesTest, WithoutMemoryATableIsFilledFurther) {
  for (const sluice_map map : kPolicyMaps) {
    arrays_.out_of_memory = true;
    const size_t places = raw(map).places.size();
    uint32_t count = 0;
    base::Status status = base::done();
    for (; status && count <= places; ++count) status = put(map, count, {2, kAbsent, count});
    ASSERT_FALSE(status.ok());
    EXPECT_GT(count, places * 3 / 5) << "it went on beyond a half";
    EXPECT_THAT(status.error().message(), HasSubstr("map " + std::string(image::map_name(map)) + ": grow"));
    EXPECT_THAT(status.error().message(), HasSubstr("make an array"));
    EXPECT_EQ(status.error().code(), ENOMEM);
    EXPECT_EQ(tables_.entries(map), count - 1);
    EXPECT_GT(tables_.growth_failures(map), 1U) << "tried again as it filled";
    EXPECT_THAT(tables_.problems(), ElementsAre(AllOf(HasSubstr(std::string(image::map_name(map))),
                                                      HasSubstr("could not grow (make an array"))));
    arrays_.out_of_memory = false;
    EXPECT_TRUE(put(map, count - 1, {2, kAbsent, count - 1}).ok());
    EXPECT_EQ(tables_.entries(map), count);
    for (uint32_t i = 0; i < count; ++i) ASSERT_TRUE(holds(map, i)) << i;
    EXPECT_TRUE(tables_.problems().empty()) << "it has grown";
  }
}

TEST_F(TablesTest, WhatIsRemovedEndsTheProblemOfATableThatCouldNotGrow) {
  constexpr sluice_map kMap = SLUICE_MAP_RULES;
  arrays_.out_of_memory = true;
  const auto half = static_cast<uint32_t>(places_in(kMap) / 2);
  ASSERT_TRUE(put_many(kMap, 0, half + 2).ok());
  EXPECT_EQ(tables_.growth_failures(kMap), 1U);
  EXPECT_EQ(tables_.growth_failures(SLUICE_MAP_SERVICES), 0U);
  EXPECT_EQ(tables_.problems().size(), 1U);
  for (uint32_t i = 0; i < 4; ++i) ASSERT_TRUE(tables_.write(one_removal(numbered_key(kMap, i))).ok());
  tables_.note_grace();
  EXPECT_TRUE(tables_.problems().empty());
  EXPECT_EQ(tables_.growth_failures(kMap), 1U);
}

TEST_F(TablesTest, WithoutMemoryToBeginWithThereAreNone) {
  TestArrays none;
  none.out_of_memory = true;
  const auto opened = Tables::open(none, config_, {lengths4_, lengths6_});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ENOMEM);
}

TEST_F(TablesTest, AreOpenedAsAnEarlierAgentLeftThem) {
  for (const sluice_map map : kPolicyMaps) ASSERT_TRUE(put_many(map, 0, 2000).ok());
  for (const sluice_map map : kPolicyMaps) ASSERT_TRUE(tables_.write(one_removal(numbered_key(map, 0))).ok());
  const size_t made = arrays_.made;
  tables_ = open();
  EXPECT_EQ(arrays_.made, made) << "no array is made anew";
  for (const sluice_map map : kPolicyMaps) {
    EXPECT_EQ(tables_.entries(map), 1999U);
    for (uint32_t i = 1; i < 2000; ++i) ASSERT_TRUE(holds(map, i));
    EXPECT_EQ(raw(map).in_state(SLUICE_WAY_TAKEN), 1U);
  }
  tables_.note_grace();
  for (const sluice_map map : kPolicyMaps) EXPECT_EQ(raw(map).in_state(SLUICE_WAY_TAKEN), 0U);
}

// Of the two prefixes that share a length and its first bits, a later agent knows both.
TEST_F(TablesTest, LengthsAreCountedAgainWhereTablesAreOpenedAgain) {
  const auto first = testing::prefix4(testing::numbered_address(0x0a01'0100), 24);
  const auto second = testing::prefix4(testing::numbered_address(0x0a01'0200), 24);
  for (const auto& key : {first, second}) ASSERT_TRUE(tables_.write(one_put(key, {2, kAbsent, 1})).ok());
  tables_ = open();
  ASSERT_TRUE(tables_.write(one_put(first, {2, kAbsent, 3})).ok());
  const __u64& bits = lengths4_[0x0a01].bits;
  EXPECT_EQ(bits, uint64_t{1} << 8);
  ASSERT_TRUE(tables_.write(one_removal(first)).ok());
  ASSERT_TRUE(tables_.write(one_removal(first)).ok());
  EXPECT_EQ(bits, uint64_t{1} << 8) << "one that is not there any more counts no second time";
  ASSERT_TRUE(tables_.write(one_removal(second)).ok());
  EXPECT_EQ(bits, 0U);
}

TEST_F(TablesTest, AFailedEntryLeavesItsLengthAlone) {
  tables_.set_limit(SLUICE_MAP_PREFIXES4, 0);
  ASSERT_FALSE(put(SLUICE_MAP_PREFIXES4, 0, {2, kAbsent, 0}).ok());
  for (const auto& slot : lengths4_) ASSERT_EQ(slot.bits, 0U);
}

TEST_F(TablesTest, AreReadBackInOrder) {
  for (const sluice_map map : kPolicyMaps) ASSERT_TRUE(put_many(map, 0, 500).ok());
  image::Contents contents;
  tables_.read(contents);
  const auto expect_all = [](const auto& table) {
    EXPECT_EQ(table.size(), 500U);
    for (size_t i = 1; i < table.size(); ++i)
      EXPECT_LT(std::memcmp(&table[i - 1].first, &table[i].first, sizeof table[i].first), 0);
  };
  expect_all(contents.addresses4);
  expect_all(contents.addresses6);
  expect_all(contents.prefixes4);
  expect_all(contents.prefixes6);
  expect_all(contents.services);
  expect_all(contents.rules);
  for (const auto& [key, cell] : contents.rules) {
    EXPECT_EQ(cell.now, (key.ruleset - 1) * 64 + key.identity);
    EXPECT_EQ(cell.since, 2U);
  }
}

}  // namespace
}  // namespace sluice::table
