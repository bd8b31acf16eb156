// Lengths: which lengths of prefixes there are below each 16 bits of an address, as packets read it
// (bpf/prefix.h). Noted before a prefix's first entry, struck after its last.
//
// One writer; readers need no lock. The memory outlives it.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>

#include "sluice/layout.h"

namespace sluice::table {

class Lengths {
 public:
  // Of SLUICE_LENGTH_SLOTS each; what stands there is kept.
  Lengths(std::span<sluice_lengths4> lengths4, std::span<sluice_lengths6> lengths6)
      : lengths4_(lengths4), lengths6_(lengths6) {}

  // A prefix's entry comes, or went. Each once.
  void add(const sluice_prefix4& prefix);
  void add(const sluice_prefix6& prefix);
  void remove(const sluice_prefix4& prefix);
  void remove(const sluice_prefix6& prefix);

 private:
  // Prefixes of more than 16 bits, by family, length and their first 16 bits.
  using Counts = std::unordered_map<uint64_t, uint32_t>;
  template <typename Prefix>
  bool is_first(const Prefix& prefix);
  template <typename Prefix>
  bool was_last(const Prefix& prefix);
  void set(const sluice_prefix4& prefix, bool there);
  void set(const sluice_prefix6& prefix, bool there);

  std::span<sluice_lengths4> lengths4_;
  std::span<sluice_lengths6> lengths6_;
  Counts counts_;
};

}  // namespace sluice::table
