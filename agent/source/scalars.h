// What a scalar of a manifest is, by its spelling: YAML 1.2 core schema (and JSON), with the YAML 1.1
// spellings of booleans that kubectl also reads where a boolean is due.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/base/result.h"

namespace sluice::source {

// Would a plain (unquoted) scalar be something other than a string: "a number", "a boolean"? Empty where it
// is a string.
std::string_view plain_type(std::string_view text);

// Decimal without leading zeros (010 is 8 in YAML 1.1 and 10 in 1.2: refused), 0x hexadecimal or 0o octal.
std::optional<int64_t> parse_integer(std::string_view text);

// true, True, TRUE, yes, on, y … and their opposites.
std::optional<bool> parse_boolean(std::string_view text);

// RFC 3339 to seconds since the epoch; fractions are cut.
base::Result<int64_t> parse_timestamp(std::string_view text);

}  // namespace sluice::source
