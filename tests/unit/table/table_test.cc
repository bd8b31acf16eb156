// Table: each law of agent/table/table.h, for keys of one, two and three words, as its memory alone shows it.
#include "agent/table/table.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/table/raw_table.h"

namespace sluice::table {
namespace {

using testing::kAbsent;
using testing::kPolicyMaps;
using testing::numbered_key;
using testing::RawEntry;
using testing::RawTable;

constexpr uint64_t kEpoch = 7;  // in force
constexpr uint32_t kMany = 500;

class EachTable : public ::testing::TestWithParam<sluice_map> {
 protected:
  sluice_table which() const { return testing::table_of(GetParam()); }
  static std::vector<sluice_line> lines_of(sluice_table which, uint32_t times = 1) {
    return std::vector<sluice_line>(Table::lines_for(which, Table::least_buckets(which) * times));
  }
  Key key(uint32_t number) const { return numbered_key(GetParam(), number).words; }
  Table open() { return {which(), lines_, config_.flow_seed}; }
  RawTable raw() const { return {which(), lines_}; }
  // Adds numbered keys from 0 on until one finds no place: the number of that one.
  uint32_t fill() {
    uint32_t number = 0;
    while (table_.add(key(number), {kEpoch, kAbsent, number})) ++number;
    table_.publish();
    return number;
  }
  std::vector<uint8_t> bytes() const {
    const auto* begin = reinterpret_cast<const uint8_t*>(lines_.data());
    return {begin, begin + lines_.size() * sizeof(sluice_line)};
  }

  sluice_config config_ = testing::seeded_config();
  std::vector<sluice_line> lines_ = lines_of(which());
  Table table_ = open();
};

void expect_cell(const std::optional<sluice_cell>& found, const sluice_cell& wanted) {
  ASSERT_TRUE(found);
  EXPECT_EQ(found->since, wanted.since);
  EXPECT_EQ(found->before, wanted.before);
  EXPECT_EQ(found->now, wanted.now);
}

uint64_t sum(const std::vector<uint64_t>& counts) {
  uint64_t all = 0;
  for (const uint64_t count : counts) all += count;
  return all;
}

TEST_P(EachTable, PutChangeAndRemoveReadBack) {
  for (uint32_t i = 0; i < kMany; ++i) ASSERT_TRUE(table_.add(key(i), {kEpoch + 1, kAbsent, i}));
  table_.publish();
  EXPECT_EQ(table_.entries(), kMany);
  for (uint32_t i = 0; i < kMany; i += 3)
    ASSERT_TRUE(table_.change(key(i), {kEpoch + 1, kAbsent, ~i}, kEpoch));
  for (uint32_t i = 0; i < kMany; i += 2) table_.remove(key(i));
  EXPECT_EQ(table_.entries(), kMany / 2);
  for (uint32_t i = 0; i < kMany; ++i) {
    if (i % 2 == 0)
      EXPECT_FALSE(table_.find(key(i))) << i;
    else
      expect_cell(table_.find(key(i)), {kEpoch + 1, kAbsent, i % 3 == 0 ? ~i : i});
  }
  EXPECT_FALSE(table_.change(key(0), {}, kEpoch)) << "what was removed is no entry";
  table_.remove(key(0));
  EXPECT_EQ(table_.entries(), kMany / 2) << "it is not removed twice";
}

TEST_P(EachTable, EveryEntryIsVisitedOnce) {
  for (uint32_t i = 0; i < kMany; ++i) ASSERT_TRUE(table_.add(key(i), {kEpoch, kAbsent, i}));
  table_.publish();
  std::map<Key, uint64_t> visited;
  table_.for_each([&](const Key& words, const sluice_cell& cell) {
    EXPECT_TRUE(visited.emplace(words, cell.now).second);
  });
  ASSERT_EQ(visited.size(), kMany);
  for (uint32_t i = 0; i < kMany; ++i) EXPECT_EQ(visited.at(key(i)), i);
}

TEST_P(EachTable, NoEntryIsSeenBeforeItIsPublished) {
  for (uint32_t i = 0; i < kMany; ++i) {
    ASSERT_TRUE(table_.add(key(i), {kEpoch, kAbsent, i}));
    ASSERT_FALSE(table_.find(key(i)));
  }
  EXPECT_TRUE(raw().seen_at(kEpoch).empty());
  EXPECT_EQ(table_.entries(), kMany) << "it counts already";
  table_.publish();
  const auto seen = raw().seen_at(kEpoch);
  ASSERT_EQ(seen.size(), kMany);
  for (uint32_t i = 0; i < kMany; ++i) EXPECT_EQ(seen.at(key(i)), i);
}

TEST_P(EachTable, APlaceIsUsedAgainAfterGraceAndNotBefore) {
  const uint32_t refused = fill();
  for (uint32_t i = 0; i < refused; ++i) table_.remove(key(i));
  EXPECT_EQ(table_.entries(), 0U);
  EXPECT_TRUE(raw().seen_at(kEpoch).empty());
  EXPECT_FALSE(table_.add(key(refused), {})) << "packets that saw the entries are under way";
  table_.note_grace();
  EXPECT_EQ(raw().in_state(SLUICE_WAY_TAKEN), 0U);
  EXPECT_TRUE(table_.add(key(refused), {}));
}

TEST_P(EachTable, TheFactOfWhatWasRemovedStandsUntilGrace) {
  const uint32_t refused = fill();
  std::vector<RawEntry> removed;
  for (uint32_t i = 0; i < refused; i += 5) {
    removed.push_back(raw().find(key(i)).value());
    table_.remove(key(i));
  }
  for (uint32_t i = refused; i < refused * 2; ++i) (void)table_.add(key(i), {kEpoch, 1, 2});
  table_.publish();
  const RawTable now = raw();
  for (const RawEntry& entry : removed) {
    EXPECT_EQ(now.places[entry.place].state, uint64_t{SLUICE_WAY_TAKEN});
    EXPECT_EQ(now.places[entry.place].seen_at(kEpoch), entry.seen_at(kEpoch));
  }
}

TEST_P(EachTable, AnEntryNeverMoves) {
  const uint32_t refused = fill();
  const RawTable before = raw();
  for (uint32_t i = 1; i < refused; i += 2) table_.remove(key(i));
  table_.note_grace();
  for (uint32_t i = 0; i < refused; i += 2) ASSERT_TRUE(table_.change(key(i), {kEpoch + 1, i, 1}, kEpoch));
  for (uint32_t i = refused; i < refused * 2; ++i) (void)table_.add(key(i), {});
  table_.publish();
  const RawTable now = raw();
  for (const RawEntry& entry : before.places) {
    if (entry.state != SLUICE_WAY_VALID || !table_.find(entry.key)) continue;
    EXPECT_EQ(now.places[entry.place].key, entry.key);
  }
}

TEST_P(EachTable, AChangeLeavesWhatTheEpochInForceSees) {
  ASSERT_TRUE(table_.add(key(1), {kEpoch, 10, 11}));
  table_.publish();
  uint64_t value = 11;
  for (uint64_t epoch = kEpoch; epoch < kEpoch + 9; ++epoch) {
    const RawEntry before = raw().find(key(1)).value();
    const uint64_t next = epoch % 3 == 0 ? kAbsent : 100 + epoch;
    ASSERT_TRUE(table_.change(key(1), {epoch + 1, value, next}, epoch));
    const RawEntry now = raw().find(key(1)).value();
    EXPECT_EQ(now.seen_at(epoch), value);
    EXPECT_EQ(now.seen_at(epoch + 1), next);
    const bool first = before.fact.value[0] == value;
    EXPECT_EQ(now.fact.value[first ? 0 : 1], value) << "the word that packets of this epoch read";
    expect_cell(table_.find(key(1)), {epoch + 1, value, next});
    value = next;
  }
}

// The agent died, or undid it.
TEST_P(EachTable, AnEpochThatNeverCameIsWrittenOver) {
  ASSERT_TRUE(table_.add(key(1), {kEpoch, kAbsent, 5}));
  table_.publish();
  const auto expect_seen = [&](uint64_t now, uint64_t next) {
    const RawEntry entry = raw().find(key(1)).value();
    EXPECT_EQ(entry.seen_at(kEpoch), now);
    EXPECT_EQ(entry.seen_at(kEpoch + 1), next);
    EXPECT_EQ(entry.seen_at(kEpoch + 2), next);
  };
  ASSERT_TRUE(table_.change(key(1), {kEpoch + 1, 5, 6}, kEpoch));
  expect_seen(5, 6);
  ASSERT_TRUE(table_.change(key(1), {kEpoch + 1, 5, 7}, kEpoch));
  expect_seen(5, 7);
  ASSERT_TRUE(table_.change(key(1), {0, 5, 5}, kEpoch));
  expect_seen(5, 5);
  ASSERT_TRUE(table_.change(key(1), {kEpoch + 1, 5, kAbsent}, kEpoch));
  expect_seen(5, kAbsent);
  ASSERT_TRUE(table_.change(key(1), {0, 5, 5}, kEpoch));
  ASSERT_TRUE(table_.change(key(1), {0, 5, 5}, kEpoch));
  expect_seen(5, 5);
  ASSERT_TRUE(table_.change(key(1), {kEpoch + 1, 5, 8}, kEpoch));
  expect_seen(5, 8);
}

// A packet that read which of the two values holds may read that one after any of these changes.
TEST_P(EachTable, OneEpochReadsOneWordWhateverIsPreparedAndUndone) {
  ASSERT_TRUE(table_.add(key(1), {kEpoch, kAbsent, 5}));
  table_.publish();
  const RawEntry first = raw().find(key(1)).value();
  const uint64_t side = first.fact.last & 1;
  for (uint64_t next = 6; next < 10; ++next) {
    ASSERT_TRUE(table_.change(key(1), {kEpoch + 1, 5, next}, kEpoch));
    EXPECT_EQ(raw().find(key(1)).value().fact.value[side], 5U) << next;
    ASSERT_TRUE(table_.change(key(1), {0, 5, 5}, kEpoch));
    EXPECT_EQ(raw().find(key(1)).value().fact.value[side], 5U) << next;
  }
}

TEST_P(EachTable, WhatWentPastIsCountedAndGivenBack) {
  const uint32_t refused = fill();
  EXPECT_GT(sum(raw().passed), 0U) << "else nothing was tried";
  for (uint32_t i = 0; i < refused; i += 2) table_.remove(key(i));
  for (uint32_t i = 1; i < refused; i += 2) expect_cell(table_.find(key(i)), {kEpoch, kAbsent, i});
  table_.note_grace();
  for (uint32_t i = 1; i < refused; i += 2) table_.remove(key(i));
  EXPECT_EQ(sum(raw().passed), 0U);
}

TEST_P(EachTable, ACountThatIsTooHighCostsNoAnswer) {
  if (table_.buckets() == lines_.size()) return;  // buckets with a head count further than there are entries
  constexpr __u64 kMost = 0xfff;
  for (auto& line : lines_) line.word[0] = line.word[SLUICE_BUCKET1_WORDS] = kMost << 4;
  Table table = open();
  uint32_t number = 0;
  while (table.add(key(number), {kEpoch, kAbsent, number})) ++number;
  table.publish();
  for (uint32_t i = 0; i < number; ++i) expect_cell(table.find(key(i)), {kEpoch, kAbsent, i});
  EXPECT_FALSE(table.find(key(number)));
  for (uint32_t i = 0; i < number; ++i) table.remove(key(i));
  table.note_grace();
  EXPECT_EQ(sum(raw().passed), kMost * table.buckets()) << "nobody knows how many there were";
  EXPECT_EQ(raw().in_state(SLUICE_WAY_FREE), raw().places.size());
}

TEST_P(EachTable, WhatFindsNoPlaceChangesNothing) {
  const uint32_t refused = fill();
  const auto before = bytes();
  const size_t entries = table_.entries();
  EXPECT_EQ(entries, refused);
  EXPECT_TRUE(table_.crowded());
  EXPECT_FALSE(table_.add(key(refused), {kEpoch, 1, 2}));
  table_.publish();
  EXPECT_EQ(table_.entries(), entries);
  EXPECT_EQ(bytes(), before);
}

TEST_P(EachTable, IsCrowdedWhenMoreThanHalfFull) {
  const size_t places = raw().places.size();
  for (uint32_t i = 0; i <= places / 2; ++i) {
    EXPECT_FALSE(table_.crowded()) << i;
    ASSERT_TRUE(table_.add(key(i), {}));
  }
  EXPECT_TRUE(table_.crowded());
}

TEST_P(EachTable, ACopyHoldsEveryEntryAndWhatIsPending) {
  for (uint32_t i = 0; i < kMany; ++i) ASSERT_TRUE(table_.add(key(i), {kEpoch, kAbsent, i}));
  table_.publish();
  for (uint32_t i = 0; i < kMany; i += 2) ASSERT_TRUE(table_.change(key(i), {kEpoch + 1, i, ~i}, kEpoch));
  for (uint32_t i = 0; i < kMany; i += 7) table_.remove(key(i));
  auto lines = lines_of(which(), 2);
  Table copy(which(), lines, config_.flow_seed);
  ASSERT_TRUE(table_.copy_to(copy));
  const RawTable copied(which(), lines);
  for (const uint64_t epoch : {kEpoch, kEpoch + 1}) EXPECT_EQ(copied.seen_at(epoch), raw().seen_at(epoch));
  EXPECT_EQ(copied.in_state(SLUICE_WAY_TAKEN), 0U) << "what was removed stays behind";
  EXPECT_EQ(copy.entries(), table_.entries());
  for (uint32_t i = 0; i < kMany; ++i) EXPECT_EQ(copy.find(key(i)).has_value(), i % 7 != 0) << i;
}

TEST_P(EachTable, ACopyThatDoesNotFitSaysSo) {
  auto large = lines_of(which(), 4);
  Table table(which(), large, config_.flow_seed);
  for (uint32_t i = 0; i < large.size() * 2; ++i) (void)table.add(key(i), {});
  table.publish();
  EXPECT_FALSE(table.copy_to(table_));
}

TEST_P(EachTable, MemoryOfAnEarlierAgentIsTakenOver) {
  const uint32_t refused = fill();
  for (uint32_t i = 0; i < refused; i += 2) table_.remove(key(i));
  // An agent that died between add() and publish() leaves a place taken, as one that died after remove().
  table_.note_grace();
  size_t unpublished = 0;
  for (uint32_t i = refused; i < refused + 100; ++i) unpublished += table_.add(key(i), {kEpoch, 1, 2});
  table_.remove(key(1));
  const auto seen = raw().seen_at(kEpoch);
  Table later = open();
  EXPECT_EQ(later.entries(), seen.size());
  EXPECT_EQ(raw().in_state(SLUICE_WAY_TAKEN), unpublished + 1) << "packets may still have seen them";
  EXPECT_EQ(raw().seen_at(kEpoch), seen);
  for (uint32_t i = 3; i < refused; i += 2) expect_cell(later.find(key(i)), {kEpoch, kAbsent, i});
  for (uint32_t i = refused; i < refused + 100; ++i) EXPECT_FALSE(later.find(key(i)));
  later.note_grace();
  EXPECT_EQ(raw().in_state(SLUICE_WAY_TAKEN), 0U);
  EXPECT_EQ(raw().seen_at(kEpoch), seen);
  ASSERT_TRUE(later.add(key(1), {kEpoch, kAbsent, 77}));
  later.publish();
  expect_cell(later.find(key(1)), {kEpoch, kAbsent, 77});
}

TEST_P(EachTable, LinesAndBucketsAreReckonedBothWays) {
  for (uint32_t buckets = Table::least_buckets(which()); buckets < 1 << 20; buckets *= 2)
    EXPECT_EQ(Table::buckets_in(which(), Table::lines_for(which(), buckets)), buckets);
  EXPECT_EQ(table_.buckets(), Table::least_buckets(which()));
}

INSTANTIATE_TEST_SUITE_P(Policy, EachTable, ::testing::ValuesIn(kPolicyMaps),
                         [](const auto& tested) { return std::string(image::map_name(tested.param)); });

}  // namespace
}  // namespace sluice::table
