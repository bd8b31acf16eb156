// SideBySide: traffic through two engines, packet by packet; the first thing in which they differ, and the fewest steps
// that still show it. One thread.
//
// Laws:
//  1 Of every packet both say the same: whether it passes, its reason, how many bytes are counted, and what is reported
//    of it, where both report it (how many are in a second hangs on the clock).
//  2 At the end both have the same flows: what was used a moment ago by either clock.
//  3 What took so long that the clocks may differ is done again, and does not count.
//  4 Where a flow stands in its table is chance, and so is which silent one gives way: what differs counts only if it does
//    so several times, each time with other places.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "tests/differential/traffic.h"
#include "tests/kernel/engine.h"

namespace sluice::differential {

struct SideTally {
  uint64_t packets = 0, passed = 0, flows = 0;
  std::array<uint64_t, SLUICE_REASON_COUNT> reasons{};
  size_t reasons_seen() const;
};

class SideBySide {
 public:
  SideBySide(testing::Engine& one, testing::Engine& other) : one_(one), other_(other) {}

  // Nothing where they agree; else the traffic made smaller, and in what they differ.
  std::optional<std::string> run(const Traffic& traffic);
  const SideTally& tally() const { return tally_; }

 private:
  struct Difference {
    size_t at = 0;  // the step; behind the last one: the flows
    std::string what;
  };
  std::optional<Difference> compare(const Traffic& traffic);
  std::optional<Difference> compare_in_time(const Traffic& traffic, int others);
  // `others`: so many endpoints come and go first.
  std::optional<Difference> compare_once(const Traffic& traffic, int others);
  std::string step(const TrafficStep& step);
  std::string packet(const TrafficStep& step);
  Traffic shrink(Traffic traffic);

  testing::Engine &one_, &other_;
  SideTally tally_;
  bool half_way_ = false;  // a world is written that is not in force
};

}  // namespace sluice::differential
