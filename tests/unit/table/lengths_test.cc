// Lengths: a length is noted where a prefix may be asked for, with the first one, and struck with the last.
#include "agent/table/lengths.h"

#include <gtest/gtest.h>

#include "tests/stress/policy_keys.h"

namespace sluice::table {
namespace {

using testing::AddressBytes;
using testing::first_bits_of;
using testing::numbered_address;

sluice_prefix4 range4(uint32_t address, uint32_t length) {
  sluice_prefix4 prefix{length, 0};
  std::memcpy(&prefix.address, first_bits_of(numbered_address(address), length).data(), 4);
  return prefix;
}
sluice_prefix6 range6(uint32_t address, uint32_t length) {
  sluice_prefix6 prefix{length, {}};
  std::memcpy(prefix.address, first_bits_of(numbered_address(address), length).data(), 16);
  return prefix;
}

class LengthsTest : public ::testing::Test {
 protected:
  bool has4(uint32_t slot, uint32_t length) const { return lengths4_[slot].bits >> (32 - length) & 1; }
  bool has6(uint32_t slot, uint32_t length) const {
    return length > 64 ? lengths6_[slot].longer >> (128 - length) & 1
                       : lengths6_[slot].shorter >> (64 - length) & 1;
  }
  // Slots that say anything of IPv4, of IPv6.
  size_t used4() const {
    size_t used = 0;
    for (const auto& slot : lengths4_) used += slot.bits != 0;
    return used;
  }
  size_t used6() const {
    size_t used = 0;
    for (const auto& slot : lengths6_) used += slot.longer != 0 || slot.shorter != 0;
    return used;
  }

  std::vector<sluice_lengths4> lengths4_ = std::vector<sluice_lengths4>(SLUICE_LENGTH_SLOTS);
  std::vector<sluice_lengths6> lengths6_ = std::vector<sluice_lengths6>(SLUICE_LENGTH_SLOTS);
  Lengths lengths_{lengths4_, lengths6_};
};

constexpr uint32_t kAddress = 0xc612'3456;

TEST_F(LengthsTest, EveryLengthIsNotedInTheSlotsItIsAbout4) {
  for (uint32_t length = 0; length <= 32; ++length) {
    const auto prefix = range4(kAddress, length);
    const size_t slots = length < 16 ? size_t{1} << (16 - length) : 1;
    lengths_.add(prefix);
    const uint32_t first = length == 0 ? 0 : kAddress >> 16 & (0xffff0000U >> std::min(length, 16U) & 0xffff);
    for (uint32_t slot = first; slot < first + slots; ++slot) ASSERT_TRUE(has4(slot, length)) << length;
    EXPECT_EQ(used4(), slots) << length;
    lengths_.remove(prefix);
    EXPECT_EQ(used4(), 0U) << length;
  }
  EXPECT_EQ(used6(), 0U);
}

TEST_F(LengthsTest, EveryLengthIsNotedInTheSlotsItIsAbout6) {
  for (uint32_t length = 1; length <= 128; ++length) {
    const auto prefix = range6(kAddress, length);
    const size_t slots = length < 16 ? size_t{1} << (16 - length) : 1;
    lengths_.add(prefix);
    const uint32_t first = kAddress >> 16 & (0xffff0000U >> std::min(length, 16U) & 0xffff);
    for (uint32_t slot = first; slot < first + slots; ++slot) ASSERT_TRUE(has6(slot, length)) << length;
    EXPECT_EQ(used6(), slots) << length;
    lengths_.remove(prefix);
    EXPECT_EQ(used6(), 0U) << length;
  }
  EXPECT_EQ(used4(), 0U);
}

TEST_F(LengthsTest, OneThatIsAskedForInAnyCaseNeedsNoNote) {
  lengths_.add(range6(0, 0));
  EXPECT_EQ(used6(), 0U);
  lengths_.remove(range6(0, 0));
  EXPECT_EQ(used6(), 0U);
}

TEST_F(LengthsTest, WordsOfIpv6MeetAtLength64) {
  for (const uint32_t length : {1U, 64U, 65U, 128U}) lengths_.add(range6(kAddress, length));
  const auto& slot = lengths6_[kAddress >> 16];
  EXPECT_EQ(slot.shorter, uint64_t{1} << 63 | 1);
  EXPECT_EQ(slot.longer, uint64_t{1} << 63 | 1);
}

TEST_F(LengthsTest, IsNotedWithTheFirstAndStruckWithTheLast) {
  const std::vector<uint32_t> same_slot = {0xc612'0000, 0xc612'0100, 0xc612'ff00};
  for (const uint32_t address : same_slot) {
    lengths_.add(range4(address, 24));
    lengths_.add(range6(address, 24));
  }
  lengths_.add(range4(0xc612'0001, 32));
  for (size_t i = 0; i < same_slot.size(); ++i) {
    EXPECT_TRUE(has4(0xc612, 24) && has6(0xc612, 24)) << i;
    lengths_.remove(range4(same_slot[i], 24));
    lengths_.remove(range6(same_slot[i], 24));
  }
  EXPECT_FALSE(has4(0xc612, 24) || has6(0xc612, 24));
  EXPECT_TRUE(has4(0xc612, 32)) << "another length stays";
  EXPECT_EQ(used4(), 1U);
  EXPECT_EQ(used6(), 0U);
}

TEST_F(LengthsTest, ShortOnesOfOneLengthAreApart) {
  lengths_.add(range4(0x0a00'0000, 8));
  lengths_.add(range4(0x0b00'0000, 8));
  lengths_.remove(range4(0x0a00'0000, 8));
  EXPECT_FALSE(has4(0x0a00, 8) || has4(0x0aff, 8));
  EXPECT_TRUE(has4(0x0b00, 8) && has4(0x0bff, 8));
  EXPECT_EQ(used4(), 256U);
}

TEST_F(LengthsTest, WhatAnEarlierAgentNotedStays) {
  lengths_.add(range4(kAddress, 24));
  lengths_.add(range4(kAddress, 32));
  Lengths later(lengths4_, lengths6_);
  later.add(range4(kAddress, 24));
  EXPECT_TRUE(has4(kAddress >> 16, 24) && has4(kAddress >> 16, 32));
  later.remove(range4(kAddress, 24));
  EXPECT_FALSE(has4(kAddress >> 16, 24));
  EXPECT_TRUE(has4(kAddress >> 16, 32)) << "asked for in vain, and no hole";
}

}  // namespace
}  // namespace sluice::table
