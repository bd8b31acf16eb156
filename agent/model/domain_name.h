// Names of domains and patterns of them, both in small letters and without a dot at the end (semantics 73).
// Any thread.
#pragma once

#include <string_view>

namespace sluice::model {

// Does the pattern, a name or "*." and a name, match the name?
inline bool domain_matches(std::string_view pattern, std::string_view name) {
  if (!pattern.starts_with("*.")) return pattern == name;
  pattern.remove_prefix(1);
  return name.size() > pattern.size() && name.ends_with(pattern);
}

}  // namespace sluice::model
