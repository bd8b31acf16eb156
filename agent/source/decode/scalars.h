// What a plain scalar of a manifest is, by its spelling: YAML 1.2 core schema (and JSON), and beside it what
// YAML 1.1 takes for a boolean or a number, as the library does that kubectl reads with (yes, on, n, 0b1010,
// 8_080).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/base/result.h"

namespace sluice::source::decode {

// Would a plain (unquoted) scalar be something other than a string: "a number", "a boolean"? Empty where it
// is a string.
std::string_view plain_type(std::string_view text);

// Decimal without leading zeros (010 is 8 in YAML 1.1 and 10 in 1.2: refused), 0x hexadecimal, 0o octal or 0b
// binary.
std::optional<int64_t> parse_integer(std::string_view text);

// true, True, TRUE, yes, on, y … and their opposites.
std::optional<bool> parse_boolean(std::string_view text);

// RFC 3339 to seconds since the epoch; fractions are cut.
base::Result<int64_t> parse_timestamp(std::string_view text);

}  // namespace sluice::source::decode
