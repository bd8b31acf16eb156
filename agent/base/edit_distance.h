// How far one short text is from another: for "did you mean". Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::base {

// The least number of characters to insert, leave out, replace or swap with the next (optimal string
// alignment).
size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace sluice::base
