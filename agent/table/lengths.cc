#include "agent/table/lengths.h"

#include <algorithm>
#include <atomic>

namespace sluice::table {
namespace {

constexpr uint32_t kSlotBits = 16;

uint32_t first_bits(const sluice_prefix4& prefix) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&prefix.address);
  return uint32_t{bytes[0]} << 8 | bytes[1];
}
uint32_t first_bits(const sluice_prefix6& prefix) {
  return uint32_t{prefix.address[0]} << 8 | prefix.address[1];
}

uint64_t count_key(const sluice_prefix4& prefix) {
  return uint64_t{4} << 32 | prefix.length << kSlotBits | first_bits(prefix);
}
uint64_t count_key(const sluice_prefix6& prefix) {
  return uint64_t{6} << 32 | prefix.length << kSlotBits | first_bits(prefix);
}

void set_bit(__u64& word, uint32_t bit, bool there) {
  const uint64_t one = uint64_t{1} << bit;
  std::atomic_ref(word).store(there ? word | one : word & ~one, std::memory_order_release);
}

// Calls visit(slot) for each 16 bits that the prefix is about.
void for_each_slot(const auto& prefix, const auto& visit) {
  const uint32_t first = first_bits(prefix);
  const uint32_t count = prefix.length < kSlotBits ? 1U << (kSlotBits - prefix.length) : 1;
  for (uint32_t i = 0; i < count; ++i) visit(first + i);
}

}  // namespace

// Of one length up to 16 no two prefixes share a slot.
template <typename Prefix>
bool Lengths::is_first(const Prefix& prefix) {
  return prefix.length <= kSlotBits || ++counts_[count_key(prefix)] == 1;
}

template <typename Prefix>
bool Lengths::was_last(const Prefix& prefix) {
  if (prefix.length <= kSlotBits) return true;
  const auto count = counts_.find(count_key(prefix));
  if (count == counts_.end() || --count->second != 0) return false;
  counts_.erase(count);
  return true;
}

void Lengths::set(const sluice_prefix4& prefix, bool there) {
  for_each_slot(prefix, [&](uint32_t slot) { set_bit(lengths4_[slot].bits, 32 - prefix.length, there); });
}

// The one prefix of length 0 needs no note: it is asked for last, in any case.
void Lengths::set(const sluice_prefix6& prefix, bool there) {
  if (prefix.length == 0) return;
  for_each_slot(prefix, [&](uint32_t slot) {
    if (prefix.length > 64)
      set_bit(lengths6_[slot].longer, 128 - prefix.length, there);
    else
      set_bit(lengths6_[slot].shorter, 64 - prefix.length, there);
  });
}

void Lengths::add(const sluice_prefix4& prefix) {
  if (is_first(prefix)) set(prefix, true);
}
void Lengths::add(const sluice_prefix6& prefix) {
  if (is_first(prefix)) set(prefix, true);
}
void Lengths::remove(const sluice_prefix4& prefix) {
  if (was_last(prefix)) set(prefix, false);
}
void Lengths::remove(const sluice_prefix6& prefix) {
  if (was_last(prefix)) set(prefix, false);
}

}  // namespace sluice::table
