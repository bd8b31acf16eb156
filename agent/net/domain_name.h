// Names of domains as people write them and as they are compared: in small letters, without the dot at their end
// (semantics 73). Any thread.
#pragma once

#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace sluice::net {

// Of a name that can be looked up: two labels or more, no pattern. An error says what is wrong with it.
base::Result<std::string> parse_domain_name(std::string_view text);

}  // namespace sluice::net
