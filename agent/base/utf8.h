// Characters of a text from outside (RFC 3629), and which of them nobody sees. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::base {

struct Character {
  char32_t code = 0;
  size_t bytes = 0;  // 0: what the text begins with is not UTF-8
};
// The first one of a text that is not empty.
Character first_character(std::string_view text);

// Does it move the cursor, change the order of what stands beside it, or leave no mark? Controls of C0 and C1, separators
// of lines, signs of direction, what joins and what has no width (Unicode's Cc, Cf, Zl, Zp).
bool is_hidden(char32_t code);

}  // namespace sluice::base
