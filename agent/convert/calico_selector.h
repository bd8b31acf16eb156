// Calico's selector language ("Network policy", "Selectors") as alternatives of label selectors. Private to the room.
//
// Laws:
//  1. A text of at most kLongestSelector bytes, nested at most kDeepestSelector deep, of at most kMostAlternatives
//     alternatives; what is longer, deeper or more is an error or cannot be said. So reading is bounded.
//  2. The alternatives of `! (text)` match exactly what those of `text` do not.
//  3. global() stands alone, in parentheses or not; with anything else it is an error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/model/objects.h"

namespace sluice::convert {

inline constexpr size_t kLongestSelector = 4096, kDeepestSelector = 32, kMostAlternatives = 64;

struct CalicoSelector {
  std::vector<model::LabelSelector> any_of;  // empty: matches nothing; keys as they are written
  bool global = false;  // it is global(): what has no namespace; any_of means nothing then
  std::string why_not;  // it can be read, and not be said: any_of means nothing then
};

base::Result<CalicoSelector> parse_selector(std::string_view text);

}  // namespace sluice::convert
