// One value of a manifest in other words that mean the same (semantics 29): quotes and escapes, numbers of
// other bases, the booleans of YAML 1.1, addresses with leading zeros and host bits. What may be written
// plain is decided here, not asked of agent/source. Not thread-safe, as Random is not.
#pragma once

#include <string>
#include <string_view>

#include "tests/oracle/random.h"

namespace sluice::spelling {

enum class Style : uint8_t { kJson, kFlow, kBlock };  // the last two are YAML

// What stays text.
std::string spell_text(oracle::Random& random, std::string_view text, Style style);
std::string spell_number(oracle::Random& random, std::string_view decimal, Style style);
std::string spell_boolean(oracle::Random& random, bool value, Style style);
// An address or a CIDR, unquoted; anything else as it is.
std::string spell_address(oracle::Random& random, std::string_view text);

}  // namespace sluice::spelling
