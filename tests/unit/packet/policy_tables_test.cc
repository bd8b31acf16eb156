// Policy tables: packets see of every key what a model says, whatever was changed, undone, left half done or grown.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/stress/policy_model.h"

namespace sluice::testing {
namespace {

using Draw = std::mt19937_64;

std::vector<PolicyKey> numbered_keys(uint32_t count) {
  std::vector<PolicyKey> keys;
  for (const sluice_map map : kPolicyMaps)
    for (uint32_t i = 0; i < count; ++i) keys.push_back(numbered_key(map, i));
  return keys;
}

uint64_t drawn_value(Draw& draw) {
  return draw() % 3 == 0 ? kAbsent : draw() >> 1;
}

// One change after the other, of up to `at_most` keys each. check() is called between its steps.
class Changes {
 public:
  Changes(PolicyModel& model, uint32_t seed, size_t at_most)
      : model_(model), draw_(seed), at_most_(at_most) {}

  template <typename Check>
  void run(size_t count, const Check& check) {
    for (size_t i = 0; i < count && !::testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE("change " + std::to_string(i));
      change(check);
    }
  }
  size_t refused() const { return refused_; }

 private:
  void change(const auto& check) {
    prepare();
    check();
    if (draw_() % 6 == 0) give_up();
    check();
    if (draw_() % 8 == 0) remove_unasked();
    check();
    model_.flip();
    check();
    model_.grace();
    check();
    ASSERT_TRUE(model_.clean_up().ok());
    check();
  }
  void prepare() {
    for (size_t left = draw_() % (at_most_ + 1); left > 0; --left) {
      const size_t which = draw_() % model_.size();
      prepare(which);
      if (draw_() % 8 == 0) prepare(which);
      if (draw_() % 16 == 0) undo(which);
    }
  }
  // Where there is no memory it may find no place; then nothing has changed.
  void prepare(size_t which) {
    const base::Status status = model_.prepare(which, drawn_value(draw_));
    if (model_.arrays.out_of_memory && !status)
      ++refused_;
    else
      ASSERT_TRUE(status.ok()) << status.error().message();
  }
  void undo(size_t which) { ASSERT_TRUE(model_.undo(which).ok()); }
  // The change fails, or the agent dies; what it prepared is undone now, or by the next one, which may prepare
  // something else instead.
  void give_up() {
    if (draw_() % 2 == 0) model_.restart();
    for (size_t i = 0; i < model_.size(); ++i) {
      if (model_.next(i) == model_.now(i)) continue;
      if (draw_() % 4 == 0)
        prepare(i);
      else
        undo(i);
    }
  }
  // What no packet asks for any more goes without a word.
  void remove_unasked() {
    for (size_t i = draw_() % 4; i < model_.size(); i += 1 + draw_() % 64) ASSERT_TRUE(model_.remove(i).ok());
  }

  PolicyModel& model_;
  Draw draw_;
  size_t at_most_;
  size_t refused_ = 0;
};

void expect_true(PolicyModel& model) {
  const auto wrong = model.first_wrong();
  ASSERT_FALSE(wrong) << image::map_name(model.key(*wrong).map) << ", key " << *wrong;
  ASSERT_TRUE(model.is_counted_truly());
}

TEST(PolicyTables, PacketsSeeWhatTheModelSays) {
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    PolicyModel model(numbered_keys(24));
    Changes(model, seed, 40).run(300, [&] { expect_true(model); });
  }
}

// So full that most entries stand past others, without memory to grow.
TEST(PolicyTables, PacketsSeeItInCrowdedTables) {
  PolicyModel model(numbered_keys(900));
  model.arrays.out_of_memory = true;
  Changes changes(model, 5, 2500);
  changes.run(60, [&] { expect_true(model); });
  EXPECT_GT(changes.refused(), 0U) << "else they are not crowded";
  for (const sluice_map map : kPolicyMaps)
    EXPECT_EQ(model.tables().buckets(map), table::Table::least_buckets(table_of(map)));
}

TEST(PolicyTables, PacketsSeeItWhileTablesGrow) {
  PolicyModel model(numbered_keys(9000));
  size_t looked = 0;
  const size_t first_shows = model.arrays.shows;
  model.arrays.on_show = [&](sluice_table which) {
    for (size_t i = 0; i < model.size(); ++i)
      ASSERT_TRUE(table_of(model.key(i).map) != which || model.is_seen_now(i)) << i;
    ++looked;
  };
  Changes(model, 6, 20'000).run(20, [&] { expect_true(model); });
  for (const sluice_map map : kPolicyMaps)
    EXPECT_GE(model.tables().buckets(map), table::Table::least_buckets(table_of(map)) * 4)
        << image::map_name(map);
  EXPECT_GE(model.arrays.shows - first_shows, size_t{SLUICE_TABLE_COUNT} * 2);
  EXPECT_EQ(looked, (model.arrays.shows - first_shows) * 2);
}

// Nearly always one or two lines, also for what is not there.
TEST(PolicyTables, ManyAddressesAreFoundInTheirFirstLines) {
  constexpr uint32_t kCount = 100'000;
  for (const sluice_map map : {SLUICE_MAP_ADDRESSES4, SLUICE_MAP_ADDRESSES6}) {
    PolicyModel model({});
    image::Batch batch;
    for (uint32_t i = 0; i < kCount; ++i) put(batch, numbered_key(map, i), {0, i, i});
    ASSERT_TRUE(model.tables().write(batch).ok());
    uint32_t in_two = 0, missed_in_two = 0;
    for (uint32_t i = 0; i < kCount * 2; ++i) {
      const uint64_t before = model.lines_read;
      const uint64_t value = model.reader.value(map, numbered_key(map, i).words, 1);
      ASSERT_EQ(value, i < kCount ? i : kAbsent) << i;
      (i < kCount ? in_two : missed_in_two) += model.lines_read - before <= 2;
    }
    EXPECT_GE(in_two, kCount / 100 * 99);
    EXPECT_GE(missed_in_two, kCount / 100 * 99);
  }
}

// ---- prefixes

// Prefixes in and beside each other, of one family, and what they say of an address.
struct Ranges {
  std::vector<AddressBytes> addresses;
  std::vector<uint32_t> lengths;
  std::vector<PolicyKey> keys;
  bool ipv6 = false;

  bool holds(size_t which, const AddressBytes& address) const {
    return first_bits_of(address, lengths[which]) == addresses[which];
  }
  uint64_t longest(const AddressBytes& address, const auto& value_of) const {
    uint64_t value = kAbsent;
    int64_t longest = -1;
    for (size_t i = 0; i < keys.size(); ++i) {
      if (!holds(i, address) || value_of(i) == kAbsent || lengths[i] <= longest) continue;
      value = value_of(i);
      longest = lengths[i];
    }
    return value;
  }
};

// Near a few others, so that prefixes lie in each other; or anywhere.
AddressBytes drawn_address(Draw& draw) {
  AddressBytes address{};
  address[0] = 10;
  address[1] = static_cast<uint8_t>(draw() % 3);
  for (size_t i = 2; i < address.size(); ++i)
    address[i] = draw() % 3 == 0 ? 0 : draw() % 2 == 0 ? 0x80 : 0xff;
  if (draw() % 8 == 0)
    for (auto& byte : address) byte = static_cast<uint8_t>(draw());
  return address;
}

Ranges drawn_ranges(Draw& draw, bool ipv6, size_t count) {
  Ranges ranges;
  ranges.ipv6 = ipv6;
  const uint32_t bits = ipv6 ? 128 : 32;
  const std::vector<uint32_t> edges = {0, 1, 8, 15, 16, 17, 24, 31, 32, 63, 64, 65, 96, 127, 128};
  std::set<std::vector<uint8_t>> known;
  while (ranges.keys.size() < count) {
    const auto drawn = static_cast<uint32_t>(draw() % 2 == 0 ? edges[draw() % edges.size()] : draw());
    const uint32_t length = drawn % (bits + 1);
    const AddressBytes address = first_bits_of(drawn_address(draw), length);
    const PolicyKey key = ipv6 ? prefix6(address, length) : prefix4(address, length);
    if (!known.insert(key.bytes).second) continue;
    ranges.addresses.push_back(address);
    ranges.lengths.push_back(length);
    ranges.keys.push_back(key);
  }
  return ranges;
}

void expect_longest(PolicyModel& model, const Ranges& ranges, Draw& draw) {
  for (int i = 0; i < 60; ++i) {
    AddressBytes address = drawn_address(draw);
    if (!ranges.ipv6) address = first_bits_of(address, 32);
    const auto sees = [&](uint64_t epoch) {
      return ranges.ipv6 ? model.reader.longest6(address, epoch) : model.reader.longest4(address, epoch);
    };
    ASSERT_EQ(sees(model.epoch()), ranges.longest(address, [&](size_t which) { return model.now(which); }));
  }
}

class LongestPrefix : public ::testing::TestWithParam<bool> {};

TEST_P(LongestPrefix, IsWhatAllPrefixesTogetherSay) {
  for (uint32_t seed = 1; seed <= 2; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Draw draw(seed * 100);
    const Ranges ranges = drawn_ranges(draw, GetParam(), 300);
    PolicyModel model(ranges.keys);
    Changes(model, seed, 80).run(60, [&] {
      expect_true(model);
      expect_longest(model, ranges, draw);
    });
  }
}

// Whole, half and no octets: each edge of the words that lengths are noted in.
TEST_P(LongestPrefix, EveryLengthIsFoundAlone) {
  const uint32_t bits = GetParam() ? 128 : 32;
  AddressBytes inside, outside;
  inside.fill(0xa5);
  for (uint32_t length = 0; length <= bits; ++length) {
    PolicyModel model({GetParam() ? prefix6(inside, length) : prefix4(inside, length)});
    ASSERT_TRUE(model.prepare(0, 100 + length).ok());
    model.flip();
    const auto sees = [&](const AddressBytes& address, uint64_t epoch) {
      return GetParam() ? model.reader.longest6(address, epoch) : model.reader.longest4(address, epoch);
    };
    EXPECT_EQ(sees(inside, 2), 100 + length);
    EXPECT_EQ(sees(inside, 1), kAbsent);
    for (uint32_t bit = 0; bit < bits; ++bit) {
      outside = inside;
      outside[bit / 8] ^= static_cast<uint8_t>(0x80 >> bit % 8);
      ASSERT_EQ(sees(outside, 2), bit < length ? kAbsent : 100 + length) << length << ", bit " << bit;
    }
  }
}

// Any address is in each of them; each is taken away in its turn, the longest first.
TEST_P(LongestPrefix, NestedOnesGiveWayToTheNext) {
  const uint32_t bits = GetParam() ? 128 : 32;
  AddressBytes address;
  address.fill(0x5a);
  std::vector<PolicyKey> keys;
  for (uint32_t length = 0; length <= bits; ++length)
    keys.push_back(GetParam() ? prefix6(address, length) : prefix4(address, length));
  PolicyModel model(keys);
  for (uint32_t length = 0; length <= bits; ++length) ASSERT_TRUE(model.prepare(length, length).ok());
  model.flip();
  for (uint32_t length = bits;; --length) {
    const auto sees = [&](uint64_t epoch) {
      return GetParam() ? model.reader.longest6(address, epoch) : model.reader.longest4(address, epoch);
    };
    EXPECT_EQ(sees(model.epoch()), length);
    ASSERT_TRUE(model.prepare(length, kAbsent).ok());
    EXPECT_EQ(sees(model.epoch()), length);
    EXPECT_EQ(sees(model.epoch() + 1), length == 0 ? kAbsent : length - 1);
    model.flip();
    ASSERT_TRUE(model.clean_up().ok());
    if (length == 0) break;
  }
  for (const auto& slot : model.lengths4) ASSERT_EQ(slot.bits, 0U);
  for (const auto& slot : model.lengths6) ASSERT_EQ(slot.shorter | slot.longer, 0U);
}

INSTANTIATE_TEST_SUITE_P(Families, LongestPrefix, ::testing::Bool(),
                         [](const auto& tested) { return tested.param ? "IPv6" : "IPv4"; });

}  // namespace
}  // namespace sluice::testing
