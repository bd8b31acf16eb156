// Reads what people write of times: the hours of a policy, and a moment (--at).
//
//     Mon-Fri 08:00-18:00 Europe/Berlin            days, hours of each, zone; each may be left out, not all
//     Sat,Sun 22:00-06:00,12:00-13:00              over midnight: from the day that is named into the next
//     2026-12-24T18:00/2026-12-27T06:00            from a moment to a moment, either may be left out; also with Z,
//                                                  +01:00 or a zone after it
//     A; B; !C                                     in A or in B, and not in C
//
// Laws:
//  1. What names no zone is UTC, in every part by itself.
//  2. An error says what is wrong, where, and how to mend it, on one line.
//  3. What is read is bounded: kLongestExpression bytes, kMostParts parts, kMostRanges ranges of hours in each.
//
// Any thread.
#pragma once

#include <string_view>

#include "agent/base/result.h"
#include "agent/times/schedule.h"

namespace sluice::times {

inline constexpr size_t kLongestExpression = 2048, kMostParts = 32, kMostRanges = 16;

base::Result<Schedule> parse(std::string_view expression);

// "2026-12-24T18:00Z", "2026-12-24T18:00:30+01:00", "2026-12-24T18:00 Europe/Berlin"; without a zone UTC.
base::Result<Instant> parse_instant(std::string_view text);

}  // namespace sluice::times
